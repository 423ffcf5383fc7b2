import AMF
import NIOCore

/// One message of a connection that others hold, as it passed by.
public struct ObservedMessage: Sendable, Equatable {
  /// What a message is, with what of it can be read.
  public enum Content: Sendable, Equatable {
    /// Set Chunk Size, in bytes (spec 5.4.1).
    case setChunkSize(UInt32)
    /// Abort Message for that chunk stream (5.4.2).
    case abort(chunkStream: UInt32)
    /// Acknowledgement of so many bytes (5.4.3).
    case acknowledgement(UInt32)
    /// Window Acknowledgement Size, in bytes (5.4.4).
    case windowAcknowledgementSize(UInt32)
    /// Set Peer Bandwidth, in bytes (5.4.5).
    case setPeerBandwidth(UInt32)
    /// A user control event (6.2) with its number.
    case userControl(event: UInt16)
    /// A command (7.1.1): a call, its result, or a notice.
    case command(name: String, transaction: Double, object: AMFValue, arguments: [AMFValue])
    /// A data message (7.1.2): its handler, nil where it is no AMF, and the values of `onMetaData`.
    case data(handler: String?, metadata: AMFValue?)
    /// Sound, pictures: the body of an FLV tag. Parts of an aggregate (7.1.6) come one by one.
    case media(MediaMessage)
    /// A shared object message (7.1.3).
    case sharedObject(SharedObjectMessage)
    /// A message of a type that the specification does not name.
    case unknown
    /// A message that breaks the rules of its type, which does not keep the connection from going on.
    case malformed(RTMPError)
  }

  /// What it is.
  public let content: Content
  /// What follows the handler's name in a data message; empty for all others.
  public let dataArguments: [AMFValue]
  /// The number of its type on the wire (5.4, 7.1); of an aggregate's part the part's own.
  public let type: UInt8
  /// The chunk stream that brought it.
  public let chunkStream: Int
  /// The message stream it belongs to.
  public let streamID: UInt32
  /// The wire's 32-bit time stamp, in milliseconds.
  public let timestamp: UInt32
  /// Bytes of its body.
  public let length: Int
}
