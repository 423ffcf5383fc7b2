import AMF

/// What a ``ClientSession`` says in `connect`.
public struct ConnectParameters: Sendable, Hashable {
  /// The command object; servers read app, tcUrl, flashVer and so on, in any order.
  public var object: AMFObject
  /// What follows it.
  public var arguments: [AMFValue]

  /// Any command object.
  public init(object: AMFObject, arguments: [AMFValue] = []) {
    self.object = object
    self.arguments = arguments
  }

  /// What an encoder says.
  public init(app: String, tcUrl: String, flashVer: String = "FMLE/3.0 (compatible; FlashGate)") {
    object = [
      "app": .string(app), "type": "nonprivate", "flashVer": .string(flashVer), "tcUrl": .string(tcUrl),
    ]
    arguments = []
  }
}
