import NIOCore
import RTMP

/// What both sides of a recorded session said, message by message, in the order of the capture.
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

  private(set) var entries: [Entry] = []
  private(set) var breaks: [Break] = []
  private var sent: [Side: Int] = [:]
  private(set) var clientHandshake: DirectionObserver.Handshake?
  private(set) var serverHandshake: DirectionObserver.Handshake?

  init(_ session: RecordedSession) {
    var client = DirectionObserver(isClient: true, limits: Self.limits)
    var server = DirectionObserver(isClient: false, limits: Self.limits)
    var (clientIndex, serverIndex) = (0, 0)
    while true {
      let mine = clientIndex < session.segments.count ? session.segments[clientIndex] : nil
      let theirs = serverIndex < session.serverSegments.count ? session.serverSegments[serverIndex] : nil
      if let mine, theirs.map({ (mine.time, mine.packet) <= ($0.time, $0.packet) }) ?? true {
        clientIndex += 1
        read(mine, of: .client, by: &client)
      } else if let theirs {
        serverIndex += 1
        read(theirs, of: .server, by: &server)
      } else {
        break
      }
    }
    clientHandshake = client.handshake
    serverHandshake = server.handshake
  }

  private mutating func read(_ segment: RecordedSession.Segment, of side: Side, by observer: inout DirectionObserver) {
    // Behind a break nothing can be told apart.
    guard !breaks.contains(where: { $0.side == side }) else { return }
    var bytes = segment.bytes
    sent[side, default: 0] += bytes.readableBytes
    do throws(RTMPError) {
      while let message = try observer.next(&bytes) {
        entries.append(
          Entry(
            time: segment.time, packet: segment.packet, offset: segment.offset, side: side, message: message,
            sent: sent[side, default: 0]))
      }
    } catch {
      breaks.append(
        Break(time: segment.time, packet: segment.packet, offset: segment.offset, side: side, error: error))
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
