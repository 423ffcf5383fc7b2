/// An object that wrote itself by `IExternalizable`, of a class whose body is known to be one value.
///
/// AMF3 gives such a body no length, so a body of an unknown class hides where the message goes on, and what follows
/// may refer to strings and objects inside it. Decoders therefore refuse unknown classes by name
/// (``AMFError/unknownExternalizable(className:)``) rather than guess.
///
/// Source: AMF 3 section 3.12.
public struct AMFExternalizable: Sendable, Hashable {
  /// Classes whose body is exactly one AMF3 value: what Flex's collections and proxies wrap.
  public static let singleValueClasses: Set<String> = [
    "flex.messaging.io.ArrayCollection", "flex.messaging.io.ArrayList", "flex.messaging.io.ObjectProxy",
  ]

  /// The class alias.
  public var className: String
  /// The body.
  public var value: AMFValue

  /// An externalizable object.
  public init(className: String, value: AMFValue) {
    self.className = className
    self.value = value
  }
}
