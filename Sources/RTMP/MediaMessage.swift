import NIOCore

/// One audio, video or data message of a stream.
public struct MediaMessage: Sendable, Hashable {
  /// What the body is.
  public enum Kind: UInt8, Sendable, Hashable {
    /// The body of an FLV audio tag (message type 8).
    case audio = 8
    /// The body of an FLV video tag (message type 9).
    case video = 9
    /// AMF0 values: a handler's name and its arguments (message types 18 and 15; of 15 without its leading byte).
    case data = 18
  }

  /// What the body is.
  public var kind: Kind
  /// The message stream it belongs to.
  public var streamID: UInt32
  /// Milliseconds, unwrapped to 64 bits; negative only when a sender steps back behind zero.
  public var timestamp: Int64
  /// Starts at the FLV tag body. Either a slice of the bytes received (never of more than four times its own size) or
  /// memory of its own.
  public var body: ByteBuffer

  /// A message from its parts.
  public init(kind: Kind, streamID: UInt32, timestamp: Int64, body: ByteBuffer) {
    self.kind = kind
    self.streamID = streamID
    self.timestamp = timestamp
    self.body = body
  }
}
