/// What AMF3 says of a class once and refers to from then on (section 3.12).
enum AMF3Traits: Sendable, Hashable {
  case members(className: String, sealed: [String], isDynamic: Bool)
  case externalizable(className: String)
}
