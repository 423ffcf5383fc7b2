/// An array with named elements: AMF0's ECMA array (names only) or AMF3's array with an associative part.
///
/// An AMF3 array without names decodes as ``AMFValue/array(_:)`` instead, so an empty one does not come back as itself.
public struct AMFAssociativeArray: Sendable, Hashable {
  /// The elements 0, 1, 2 ...; AMF0 writes them as properties of those names and reads none.
  public var dense: [AMFValue]
  /// The named elements.
  public var properties: AMFProperties

  /// An array of both kinds of elements.
  public init(_ properties: AMFProperties, dense: [AMFValue] = []) {
    self.properties = properties
    self.dense = dense
  }

  /// The last named element of this name.
  public subscript(key: String) -> AMFValue? {
    get { properties[key] }
    set { properties[key] = newValue }
  }

  /// Every element by name, the dense ones last: AMF0's view of the array, in the order of AMF3's bytes.
  public var allProperties: AMFProperties {
    guard !dense.isEmpty else { return properties }
    let numbered = dense.enumerated().map { AMFProperties.Element(key: String($0.offset), value: $0.element) }
    return AMFProperties(properties.elements + numbered)
  }
}
