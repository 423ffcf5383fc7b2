/// Names and values in the order in which they came. A name may occur twice, as on the wire.
public struct AMFProperties: Sendable, Hashable {
  /// A name and its value.
  public struct Element: Sendable, Hashable {
    /// The property's name.
    public var key: String
    /// Its value.
    public var value: AMFValue

    /// A named value.
    public init(key: String, value: AMFValue) {
      self.key = key
      self.value = value
    }
  }

  var elements: [Element]

  /// No properties.
  public init() { elements = [] }

  /// Properties in the order given.
  public init(_ elements: [Element]) { self.elements = elements }

  /// The value of the last property with this name, which is what a player that sets them one by one ends up with.
  ///
  /// Setting replaces that one or appends; setting `nil` removes every property of the name.
  public subscript(key: String) -> AMFValue? {
    get { elements.last { $0.key == key }?.value }
    set {
      guard let newValue else {
        elements.removeAll { $0.key == key }
        return
      }
      if let index = elements.lastIndex(where: { $0.key == key }) {
        elements[index].value = newValue
      } else {
        elements.append(Element(key: key, value: newValue))
      }
    }
  }
}

extension AMFProperties: RandomAccessCollection {
  /// 0.
  public var startIndex: Int { elements.startIndex }
  /// The number of properties.
  public var endIndex: Int { elements.endIndex }
  /// The property at a position.
  public subscript(position: Int) -> Element { elements[position] }
}

extension AMFProperties: ExpressibleByDictionaryLiteral {
  /// Properties in the order written.
  public init(dictionaryLiteral elements: (String, AMFValue)...) {
    self.init(elements.map { Element(key: $0.0, value: $0.1) })
  }
}
