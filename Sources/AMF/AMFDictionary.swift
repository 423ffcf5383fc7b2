/// An ActionScript `Dictionary`: any value to any value, in the order of the wire.
///
/// Source: AMF 3 section 3.16.
public struct AMFDictionary: Sendable, Hashable {
  /// A key and its value.
  public struct Element: Sendable, Hashable {
    /// The key.
    public var key: AMFValue
    /// The value.
    public var value: AMFValue

    /// An entry.
    public init(key: AMFValue, value: AMFValue) {
      self.key = key
      self.value = value
    }
  }

  /// The entries.
  public var elements: [Element]
  /// Whether the player holds the keys weakly.
  public var hasWeakKeys: Bool

  /// A dictionary.
  public init(_ elements: [Element], hasWeakKeys: Bool = false) {
    self.elements = elements
    self.hasWeakKeys = hasWeakKeys
  }
}
