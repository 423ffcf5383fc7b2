import NIOCore

/// The client sessions in a capture file, and what in it could not be taken.
public struct CaptureContents: Sendable {
  /// In the order in which they began.
  public private(set) var sessions: [RecordedSession] = []
  /// In the order of the packets they begin with.
  public private(set) var notices: [CaptureNotice] = []

  /// Reads a pcap or pcapng file. Damage in its middle costs what follows; damage in one session costs that session.
  /// - Throws: ``ReplayError/notACapture(offset:_:)`` when not even the first packet can be read.
  public init(reading file: ByteBuffer) throws(ReplayError) {
    var reader = try CaptureReader(file)
    var connections = TCPConnections()
    var unread: [LinkType: (first: Int, count: Int)] = [:]
    var last = 0
    do throws(ReplayError) {
      while let packet = try reader.next() {
        last = packet.number
        switch packet.link.content(of: packet.bytes) {
        case .ip(let ip):
          guard let segment = TCPSegment(ip: ip) else { continue }
          connections.append(segment, of: packet)
        case .other, .truncated: continue
        case nil: unread[packet.link, default: (packet.number, 0)].count += 1
        }
      }
    } catch {
      guard last > 0 else { throw error }
      notices.append(CaptureNotice(packet: last, cause: .damaged(error)))
    }
    for (link, packets) in unread {
      notices.append(
        CaptureNotice(packet: packets.first, cause: .unreadLink(link.rawValue, packets: packets.count)))
    }
    for connection in connections.all { take(connection) }
    notices.sort { $0.packet < $1.packet }
  }

  private mutating func take(_ connection: TCPConnections.Connection) {
    let first = connection.firstPacket ?? 0
    do throws(ReplayError) {
      if let session = try RecordedSession(connection) {
        sessions.append(session)
      } else if !connection.beginsWhole {
        notices.append(CaptureNotice(packet: first, cause: .beginMissing))
      }
    } catch {
      notices.append(CaptureNotice(packet: first, cause: .unplayable(error)))
    }
  }
}
