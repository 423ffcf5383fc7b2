import NIOCore
import RTMP

/// What both sides of a recorded session said, message by message, in the order of the capture. One message is at hand at
/// a time.
struct SessionTrace {
  /// Who sent something.
  enum Side: String, Sendable, Encodable {
    case client
    case server
  }

  /// A message, when it was whole.
  struct Entry {
    /// Microseconds since the client's first byte.
    let time: Int64
    /// The packet that made it whole, counted from 1.
    let packet: Int
    /// Where that packet stands in the file.
    let offset: Int
    let side: Side
    let message: ObservedMessage
    /// Bytes that this side has sent by then, the handshake's with them.
    let sent: Int
  }

  /// Where a direction stopped making sense.
  struct Break {
    let time: Int64
    let packet: Int
    let offset: Int
    let side: Side
    let error: RTMPError
  }

  /// A segment that is being read.
  private struct Reading {
    let segment: RecordedSession.Segment
    let side: Side
    var rest: ByteBuffer
  }

  /// Where directions stopped making sense so far; each does so once.
  private(set) var breaks: [Break] = []
  private var sent: [Side: Int] = [:]
  private var client = DirectionObserver(isClient: true, limits: Self.limits)
  private var server = DirectionObserver(isClient: false, limits: Self.limits)
  private var said: SegmentReader
  private var answered: SegmentReader
  /// The next segment of each side.
  private var mine: RecordedSession.Segment?
  private var theirs: RecordedSession.Segment?
  private var reading: Reading?

  init(_ session: RecordedSession) {
    said = session.said.segments()
    answered = session.answered.segments()
    mine = said.next()
    theirs = answered.next()
  }

  /// How each side began, once its hello is read.
  var clientHandshake: DirectionObserver.Handshake? { client.handshake }
  var serverHandshake: DirectionObserver.Handshake? { server.handshake }

  /// The next message; nil behind the last one.
  mutating func next() -> Entry? {
    while true {
      if let entry = nextOfSegment() { return entry }
      guard let (segment, side) = nextSegment() else { return nil }
      // Behind a break nothing can be told apart.
      guard !breaks.contains(where: { $0.side == side }) else { continue }
      sent[side, default: 0] += segment.bytes.readableBytes
      reading = Reading(segment: segment, side: side, rest: segment.bytes)
    }
  }

  private mutating func nextSegment() -> (RecordedSession.Segment, Side)? {
    if let mine, theirs.map({ (mine.time, mine.packet) <= ($0.time, $0.packet) }) ?? true {
      self.mine = said.next()
      return (mine, .client)
    }
    guard let theirs else { return nil }
    self.theirs = answered.next()
    return (theirs, .server)
  }

  private mutating func nextOfSegment() -> Entry? {
    guard var present = reading.take() else { return nil }
    let (segment, side) = (present.segment, present.side)
    do throws(RTMPError) {
      let message = try side == .client ? client.next(&present.rest) : server.next(&present.rest)
      guard let message else { return nil }
      reading = present
      return Entry(
        time: segment.time, packet: segment.packet, offset: segment.offset, side: side, message: message,
        sent: sent[side, default: 0])
    } catch {
      breaks.append(
        Break(time: segment.time, packet: segment.packet, offset: segment.offset, side: side, error: error))
      return nil
    }
  }

  /// What the protocol allows: a recording costs nobody but its reader, and what a server refuses is for it to say.
  private static var limits: RTMPLimits {
    var limits = RTMPLimits()
    limits.maximumMessageLength = 0xFF_FFFF
    limits.maximumPartialBytes = 256 << 20
    limits.maximumChunkSize = Int(Int32.max)
    limits.maximumChunkStreams = 4096
    limits.smallChunkBudget = .max
    return limits
  }
}
