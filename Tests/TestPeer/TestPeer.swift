// Test support sees the parts of WebRTC that are not public, which only debug builds show.
#if DEBUG
  import NIOCore
  import RTP

  @testable import WebRTC

  /// A browser as far as the gateway sees it: checks, DTLS client, SRTP, feedback. In memory, in virtual time.
  final class TestPeer {
    let credentials: ICECredentials
    let certificate: DTLSCertificate
    let address: SocketAddress
    private(set) var dtls: DTLSTransport
    private(set) var inbound: SRTPContext?
    private(set) var outbound: SRTPContext?
    private(set) var profile: SRTPProfile?
    private(set) var isClosed = false
    var packets: [RTPPacket] = []
    var reports: [RTCPPacket] = []
    var checkAnswers: [STUNMessage] = []
    var dropsDTLS = 0
    private(set) var outgoing: [ByteBuffer] = []
    private var random = SeededRandom(7)
    /// Whether its offers have a stream for packets sent again, and report arrivals.
    var isModern = false

    init(gateway fingerprint: Fingerprint, at now: NIODeadline, address: String = "192.0.2.7", port: Int = 40_000)
      throws
    {
      self.credentials = ICECredentials(using: &self.random)
      self.certificate = try DTLSCertificate(using: &self.random)
      self.address = try SocketAddress(ipAddress: address, port: port)
      self.dtls = try DTLSTransport(
        certificate: self.certificate, role: .client, remoteFingerprints: [fingerprint], at: now)
    }

    /// An offer that wants one sound and one picture.
    func offer(mids: [(String, MediaKind)] = [("0", .audio), ("1", .video)]) -> SessionDescription {
      var offer = SessionDescription(origin: .init(sessionID: "1", version: 1))
      offer.attributes = [.group("BUNDLE", mids: mids.map(\.0)), .fingerprint(self.certificate.fingerprint)]
      for (mid, kind) in mids {
        let formats = kind == .audio ? ["111"] : ["96", "102"]
        var section = MediaSection(kind: kind, port: 9, transport: "UDP/TLS/RTP/SAVPF", formats: formats)
        section.attributes = [
          .mid(mid), .iceUfrag(self.credentials.ufrag), .icePassword(self.credentials.password), .setup("actpass"),
          .direction(.recvonly), .rtcpMux, .extmap(ExtensionMap(id: 4, uri: ExtensionMap.mid)),
          .rtcpFeedback(payloadType: nil, "nack"), .rtcpFeedback(payloadType: nil, "nack pli"),
          .rtcpFeedback(payloadType: nil, "ccm fir"),
        ]
        section.attributes +=
          kind == .audio
          ? [.rtpmap(RTPMap(payloadType: 111, encoding: "opus", clockRate: 48_000, channels: 2))]
          : [
            .rtpmap(RTPMap(payloadType: 96, encoding: "VP8", clockRate: 90_000)),
            .rtpmap(RTPMap(payloadType: 102, encoding: "H264", clockRate: 90_000)),
            .fmtp(payloadType: 102, "packetization-mode=1;profile-level-id=42e01f"),
          ]
        if self.isModern { Self.modernise(&section) }
        offer.sections.append(section)
      }
      return offer
    }

    private static func modernise(_ section: inout MediaSection) {
      section.attributes += [
        .extmap(ExtensionMap(id: 3, uri: ExtensionMap.transportSequenceNumber)),
        .rtcpFeedback(payloadType: nil, "transport-cc"),
      ]
      guard section.kind == .video else {
        section.attributes.append(.extmap(ExtensionMap(id: 5, uri: ExtensionMap.audioLevel)))
        return
      }
      for (type, repeated) in [(UInt8(97), 96), (103, 102)] {
        section.formats.append("\(type)")
        section.attributes += [
          .rtpmap(RTPMap(payloadType: type, encoding: "rtx", clockRate: 90_000)),
          .fmtp(payloadType: type, "apt=\(repeated)"),
        ]
      }
    }

    func check(plan: SessionPlan, nominate: Bool = true, password: String? = nil) -> ByteBuffer {
      self.check(ufrag: plan.local.ufrag, password: password ?? plan.local.password, nominate: nominate)
    }

    /// A check for the gateway's fragment and password.
    func check(ufrag: String, password: String, nominate: Bool = true) -> ByteBuffer {
      let message = STUNMessage(
        .request, transactionID: STUNTransactionID(using: &self.random),
        attributes: [
          .username("\(ufrag):\(self.credentials.ufrag)"), .iceControlling(tieBreaker: 1), .priority(99),
        ] + (nominate ? [.useCandidate] : []))
      return message.encoded(integrityKey: password)
    }

    func startDTLS(at now: NIODeadline) {
      self.take(self.dtls.start(at: now))
    }

    func elapsed(at now: NIODeadline) {
      self.take(self.dtls.elapsed(at: now))
    }

    func receive(_ datagram: ByteBuffer, at now: NIODeadline) throws {
      var datagram = datagram
      switch DatagramKind(of: datagram) {
      case .stun: self.checkAnswers.append(try STUNMessage(parsing: datagram))
      case .dtls:
        if self.dropsDTLS > 0 {
          self.dropsDTLS -= 1
          return
        }
        self.take(self.dtls.receive(datagram, at: now))
      case .srtp:
        if self.inbound?.unprotect(&datagram, isRTCP: false) == nil {
          self.packets.append(
            try RTPPacket(parsing: datagram, HeaderExtensionMap(mediaID: 4, transportSequenceNumber: 3, audioLevel: 5)))
        }
      case .srtcp:
        if self.inbound?.unprotect(&datagram, isRTCP: true) == nil {
          self.reports += try CompoundReader.readAll(datagram)
        }
      case .unknown: break
      }
    }

    func protectRTCP(_ packets: [RTCPPacket]) throws -> ByteBuffer {
      var compound = ByteBuffer()
      for packet in packets { try packet.write(into: &compound) }
      return self.protected(compound, isRTCP: true)
    }

    func protected(_ packet: ByteBuffer, isRTCP: Bool) -> ByteBuffer {
      var packet = packet
      let count = packet.readableBytes
      packet.writeRepeatingByte(0, count: SRTPContext.maximumTrailer)
      let outbound = self.outbound
      let length = packet.withUnsafeMutableReadableBytes { bytes -> Int? in
        guard let start = bytes.baseAddress else { return nil }
        return isRTCP ? outbound?.protectRTCP(start, count: count) : outbound?.protect(start, count: count)
      }
      return packet.getSlice(at: 0, length: length ?? 0) ?? ByteBuffer()
    }

    func takeOutgoing() -> [ByteBuffer] {
      defer { self.outgoing = [] }
      return self.outgoing
    }

    func closeDTLS() {
      self.dtls.close()
      self.take(nil)
    }

    private func take(_ event: DTLSTransport.Event?) {
      switch event {
      case .established(let keys):
        self.profile = keys.profile
        self.inbound = try? SRTPContext(profile: keys.profile, key: keys.inbound, direction: .inbound)
        self.outbound = try? SRTPContext(profile: keys.profile, key: keys.outbound, direction: .outbound)
      case .ended: self.isClosed = true
      case nil: break
      }
      while let datagram = self.dtls.nextOutput() { self.outgoing.append(datagram) }
    }
  }
#endif
