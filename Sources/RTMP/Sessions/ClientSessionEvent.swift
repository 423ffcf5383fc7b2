import AMF

/// What the owner of a ``ClientSession`` must know.
public enum ClientSessionEvent: Sendable, Hashable {
  /// The server accepted; its properties and the information object as sent.
  indirect case connected(properties: AMFValue, information: AMFValue)
  /// The server refused `connect`.
  indirect case connectRefused(Status)
  /// The answer to `createStream`.
  case streamCreated(UInt32)
  /// The result of any other call.
  indirect case result(call: String, [AMFValue])
  /// A call failed.
  indirect case callFailed(call: String, Status?)
  /// `onStatus`: of a stream, or with 0 of the connection.
  indirect case status(streamID: UInt32, Status)
  /// The server called something else, `onBWDone` or `onFCPublish`.
  indirect case notice(name: String, [AMFValue])
  /// Media of a stream that plays.
  case media(MediaMessage)
}
