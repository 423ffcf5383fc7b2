/// An ActionScript `Vector`.
///
/// Source: AMF 3 section 3.15.
public struct AMFVector: Sendable, Hashable {
  /// The elements by their type.
  public enum Elements: Sendable, Hashable {
    /// `Vector.<int>`
    case int([Int32])
    /// `Vector.<uint>`
    case uint([UInt32])
    /// `Vector.<Number>`
    case double([Double])
    /// A vector of a class; an empty name is `Vector.<*>`.
    case object(typeName: String, [AMFValue])
  }

  /// The elements.
  public var elements: Elements
  /// Whether the length is fixed.
  public var isFixed: Bool

  /// A vector.
  public init(_ elements: Elements, isFixed: Bool = false) {
    self.elements = elements
    self.isFixed = isFixed
  }
}
