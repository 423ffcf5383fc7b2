import NIOCore

/// The client sessions in a capture file, and what in it could not be taken.
public struct CaptureContents: Sendable {
  /// In the order in which they began.
  public private(set) var sessions: [RecordedSession] = []
  /// In the order of the packets they begin with.
  public private(set) var notices: [CaptureNotice] = []
  /// Whether the file brings keys of TLS sessions itself.
  public private(set) var hasTLSSecrets = false
  /// Connections inside TLS that were not decrypted.
  private(set) var sealed: [CapturedConversation] = []

  /// Connections that nothing can be told of, as they are counted.
  private struct Passed {
    var packet: Int
    var offset: Int
    var count = 0
  }

  private var foreign: Passed?
  private var tls: Passed?
  private var tunnels = TunnelAssembly()

  /// Reads a pcap, pcapng or FLV file. Damage in its middle costs what follows; damage in one session costs that
  /// session.
  /// - Parameters:
  ///   - file: the whole file.
  ///   - name: what a client that is made from an FLV file publishes as.
  /// - Throws: ``ReplayError/notACapture(offset:_:)`` when not even the first packet can be read.
  public init(reading file: ByteBuffer, name: String = "recording") throws(ReplayError) {
    try self.init(reading: CaptureStore(file), name: name)
  }

  /// Plain RTMP stays where it is, and is read again when it is played; what else there is to play is kept.
  /// - Parameters:
  ///   - keepsSealed: keeps what is said inside TLS, to be decrypted.
  ///   - opened: what was said inside TLS, by the first packet of its connection.
  init(
    reading store: CaptureStore, name: String, keepsSealed: Bool = false, opened: [Int: CapturedConversation] = [:]
  ) throws(ReplayError) {
    if FLVRecording.begins(with: try store.bytes(at: 0, count: 3)),
      let recording = FLVRecording(try store.whole(), name: name)
    {
      try take(recording)
      return
    }
    var connections = TCPConnections(keepsSealed: keepsSealed)
    try read(store, into: &connections)
    for connection in connections.all {
      let conversation = connection.conversation
      take(opened[conversation.packet] ?? conversation)
    }
    takeTunnels()
    finish()
  }

  private mutating func read(_ store: CaptureStore, into connections: inout TCPConnections) throws(ReplayError) {
    var reader = try CaptureReader(store)
    var unread: [LinkType: Passed] = [:]
    var fragments: Passed?
    var last: CapturedPacket?
    do throws(ReplayError) {
      while let packet = try reader.next() {
        last = packet
        switch packet.link.content(of: packet.bytes) {
        case .ip(let ip):
          if let segment = TCPSegment(ip: ip) {
            try connections.append(segment, of: packet, from: reader)
          } else if TCPSegment.isFragment(ip) {
            Self.count(packet.number, packet.offset, in: &fragments)
          }
        case .other, .truncated: continue
        case nil: Self.count(packet.number, packet.offset, in: &unread[packet.link])
        }
      }
    } catch {
      // A disk that fails is no damage of the capture.
      guard let last, !error.isUnreadable else { throw error }
      note(.damaged(error), last.number, last.offset)
    }
    for (link, packets) in unread {
      note(.unreadLink(link.rawValue, packets: packets.count), packets.packet, packets.offset)
    }
    if let fragments { note(.fragments(packets: fragments.count), fragments.packet, fragments.offset) }
    take(reader.remarks)
  }

  private mutating func take(_ remarks: CaptureRemarks) {
    hasTLSSecrets = remarks.hasTLSSecrets
    for drop in remarks.drops { note(.dropped(packets: drop.packets), drop.packet, drop.offset) }
    if let timeless = remarks.timeless {
      note(.timeless(packets: timeless.count), timeless.packet, timeless.offset)
    }
  }

  private mutating func take(_ recording: FLVRecording) throws(ReplayError) {
    sessions = [try recording.session()]
    if recording.damage != .init() {
      note(.damagedFile(recording.damage), recording.tagCount, recording.lastOffset)
    }
  }

  private mutating func take(_ conversation: CapturedConversation) {
    switch conversation.speech {
    case .rtmp: takeSession(conversation)
    case .encryptedRTMP: note(.encryptedRTMP, conversation.packet, conversation.offset)
    case .tls:
      sealed.append(conversation)
      Self.count(conversation.packet, conversation.offset, in: &tls)
    case .http: takeTunnel(conversation)
    case .silence, .policyRequest: break
    case .other:
      if conversation.beginsWhole {
        Self.count(conversation.packet, conversation.offset, in: &foreign)
      } else {
        note(.beginMissing, conversation.packet, conversation.offset)
      }
    }
  }

  private mutating func takeSession(_ conversation: CapturedConversation) {
    do throws(ReplayError) {
      guard let session = try RecordedSession(conversation) else {
        note(
          conversation.beginsWhole ? .handshakeUnfinished : .beginMissing, conversation.packet, conversation.offset)
        return
      }
      sessions.append(session)
      if let gap = conversation.second.gap {
        note(.answersMissing(packet: gap.packet, count: gap.count), conversation.packet, conversation.offset)
      }
    } catch {
      note(.unplayable(error), conversation.packet, conversation.offset)
    }
  }

  private mutating func takeTunnel(_ conversation: CapturedConversation) {
    do throws(ReplayError) {
      if try !tunnels.append(conversation) {
        Self.count(conversation.packet, conversation.offset, in: &foreign)
      }
    } catch {
      note(.unplayable(error), conversation.packet, conversation.offset)
    }
  }

  private mutating func takeTunnels() {
    if let first = tunnels.unfinished.first {
      note(.requestsUnfinished(count: tunnels.unfinished.count), first.packet, first.offset)
    }
    for tunnel in tunnels.all {
      do throws(ReplayError) {
        let conversation = try tunnel.conversation()
        switch conversation.speech {
        case .silence: continue
        case .encryptedRTMP: note(.encryptedRTMP, tunnel.packet, tunnel.offset)
        case .rtmp:
          takeSession(conversation)
          if let lost = tunnel.lostAnswer {
            note(.unansweredRequest(number: lost), tunnel.packet, tunnel.offset)
          }
        default: note(.beginMissing, tunnel.packet, tunnel.offset)
        }
      } catch {
        note(.unplayable(error), tunnel.packet, tunnel.offset)
      }
    }
  }

  private mutating func finish() {
    if let tls { note(.tls(connections: tls.count), tls.packet, tls.offset) }
    if let foreign { note(.foreign(connections: foreign.count), foreign.packet, foreign.offset) }
    notices.sort { $0.packet < $1.packet }
    // Tunnels are known last, and may have begun first.
    sessions.sort { ($0.begin, $0.said.first?.packet ?? 0) < ($1.begin, $1.said.first?.packet ?? 0) }
  }

  mutating func note(_ cause: CaptureNotice.Cause, _ packet: Int, _ offset: Int) {
    notices.append(CaptureNotice(packet: packet, offset: offset, cause: cause))
  }

  private static func count(_ packet: Int, _ offset: Int, in passed: inout Passed?) {
    passed = passed ?? Passed(packet: packet, offset: offset)
    passed?.count += 1
  }
}
