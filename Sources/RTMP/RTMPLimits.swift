import NIOCore

/// Bounds on what one peer may cost. Each is checked before memory is taken.
public struct RTMPLimits: Sendable, Hashable {
  /// From the first byte to the end of the handshake, and on the server to the `connect` command. Default 10 s.
  public var handshakeTimeout: TimeAmount
  /// A peer that sent nothing for so long counts as gone. Default 60 s.
  public var idleTimeout: TimeAmount
  /// The server asks a silent peer for a sign of life (a ping request) after so long. Default 20 s.
  public var pingInterval: TimeAmount

  /// Longest message, in bytes; the wire allows 16 777 215. Default 4 MiB, enough for a key frame of a large screen.
  public var maximumMessageLength: Int
  /// Longest message before the owner accepted the connection, in bytes. Default 64 KiB.
  public var maximumUnacceptedMessageLength: Int
  /// Sum of the announced lengths of all messages that are still incomplete, in bytes. Default 8 MiB.
  public var maximumPartialBytes: Int
  /// Chunk streams one peer may open. Default 64; real clients use at most ten.
  public var maximumChunkStreams: Int
  /// Largest chunk size a peer may set, in bytes. Default 2 147 483 647, all that the wire allows (spec 5.4.1): a chunk is
  /// never longer than its message, whose length has a bound of its own.
  public var maximumChunkSize: Int
  /// Chunks below 128 bytes (other than a message's last) a peer may send over the life of the connection. Each costs
  /// a header's work for next to no data. Default 16 384.
  public var smallChunkBudget: Int

  /// Message streams open at once; a call for more fails. Default 128: a room of as many, all played on one connection.
  public var maximumStreams: Int
  /// Events one call of `receive` may leave behind. Default 8 192: 64 KiB of the smallest useful messages.
  public var maximumQueuedEvents: Int
  /// Bytes kept unread while the owner decides on `connect`, `publish` or `play`. Default 256 KiB.
  public var maximumHeldBytes: Int
  /// Answers waiting to be taken by `output()`, in bytes. Default 1 MiB.
  public var maximumQueuedOutput: Int

  /// The stated defaults.
  public init() {
    handshakeTimeout = .seconds(10)
    idleTimeout = .seconds(60)
    pingInterval = .seconds(20)
    maximumMessageLength = 4 << 20
    maximumUnacceptedMessageLength = 64 << 10
    maximumPartialBytes = 8 << 20
    maximumChunkStreams = 64
    maximumChunkSize = Int(Int32.max)
    smallChunkBudget = 16_384
    maximumStreams = 128
    maximumQueuedEvents = 8_192
    maximumHeldBytes = 256 << 10
    maximumQueuedOutput = 1 << 20
  }
}
