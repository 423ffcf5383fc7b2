/// An ActionScript object as data: a class name that is never looked up, and its properties in order.
public struct AMFObject: Sendable, Hashable {
  /// The class alias, `nil` for an anonymous object. Never empty when it comes from a decoder.
  public var className: String?
  /// All properties, the sealed ones first.
  public private(set) var properties: AMFProperties
  /// How many of the first properties AMF3 traits declare; 0 for an object from AMF0.
  public private(set) var sealedCount: Int
  /// Whether AMF3 traits allow further properties. Always so when there are any.
  public private(set) var isDynamic: Bool

  /// An object with dynamic properties only.
  public init(className: String? = nil, _ properties: AMFProperties = AMFProperties()) {
    self.className = className
    self.properties = properties
    sealedCount = 0
    isDynamic = true
  }

  /// An object of AMF3 traits. It is dynamic if it is said to be or has dynamic properties.
  public init(className: String?, sealed: AMFProperties, dynamic: AMFProperties = AMFProperties(), isDynamic: Bool) {
    self.className = className
    properties = AMFProperties(sealed.elements + dynamic.elements)
    sealedCount = sealed.count
    self.isDynamic = isDynamic || !dynamic.isEmpty
  }

  /// The last property with this name; setting replaces it or appends a dynamic one, setting `nil` removes the name.
  public subscript(key: String) -> AMFValue? {
    get { properties[key] }
    set {
      if newValue == nil {
        sealedCount -= properties.prefix(sealedCount).count { $0.key == key }
      }
      properties[key] = newValue
      if properties.count > sealedCount { isDynamic = true }
    }
  }
}

extension AMFObject: ExpressibleByDictionaryLiteral {
  /// An anonymous object, in the order written.
  public init(dictionaryLiteral elements: (String, AMFValue)...) {
    self.init(AMFProperties(elements.map { AMFProperties.Element(key: $0.0, value: $0.1) }))
  }
}
