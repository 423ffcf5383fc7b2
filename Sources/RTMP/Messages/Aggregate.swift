import NIOCore

/// An aggregate message (type 22, spec 7.1.6): FLV tags in a row, each with its own time and a back pointer.
struct Aggregate: Sendable {
  private let streamID: UInt32
  private let timestamp: UInt32
  private let chunkStream: Int
  private var rest: ByteBuffer
  /// Time of the first part, which stands for the time of the aggregate.
  private var origin: UInt32?

  init(_ message: Message) {
    streamID = message.streamID
    timestamp = message.timestamp
    chunkStream = message.chunkStream
    rest = message.body
  }

  /// The next part as a message of its own, its time moved so that the first part has the aggregate's.
  mutating func next() throws(RTMPError) -> Message? {
    guard rest.readableBytes > 0 else { return nil }
    let available = rest.readableBytes
    guard let head = rest.readMultipleIntegers(as: (UInt8, UInt8, UInt16, UInt8, UInt16, UInt8, UInt8, UInt16).self)
    else { throw .malformedAggregate(partLength: Self.headLength, remaining: available) }
    let length = Int(head.1) << 16 | Int(head.2)
    // As in a file: the high byte of the time comes after its low three.
    let time = UInt32(head.5) << 24 | UInt32(head.3) << 16 | UInt32(head.4)
    guard let body = rest.readSlice(length: length) else {
      throw .malformedAggregate(partLength: length, remaining: rest.readableBytes)
    }
    // The back pointer says what the length said already. The last one may be missing.
    rest.moveReaderIndex(forwardBy: min(4, rest.readableBytes))
    let first = origin ?? time
    origin = first
    return Message(
      type: MessageType(rawValue: head.0), streamID: streamID, timestamp: timestamp &+ (time &- first),
      chunkStream: chunkStream, body: body)
  }

  private static let headLength = 11
}
