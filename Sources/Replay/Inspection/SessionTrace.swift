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
    let side: Side
    let message: ObservedMessage
  }

  /// Where a direction stopped making sense.
  struct Break {
    let time: Int64
    let packet: Int
    let side: Side
    let error: RTMPError
  }

  private(set) var entries: [Entry] = []
  private(set) var breaks: [Break] = []
  private(set) var clientHandshake: DirectionObserver.Handshake?
  private(set) var serverHandshake: DirectionObserver.Handshake?

  init(_ session: RecordedSession) {
    var client = DirectionObserver(isClient: true)
    var server = DirectionObserver(isClient: false)
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
    do throws(RTMPError) {
      while let message = try observer.next(&bytes) {
        entries.append(Entry(time: segment.time, packet: segment.packet, side: side, message: message))
      }
    } catch {
      breaks.append(Break(time: segment.time, packet: segment.packet, side: side, error: error))
    }
  }
}
