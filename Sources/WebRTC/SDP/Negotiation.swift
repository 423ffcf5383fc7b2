import RTP

/// Answers a peer's offers, first and later ones, and keeps what must stay the same between them: credentials, the
/// session's id and version, and the source of each track (RFC 8829 section 5.3, RFC 3264 section 8).
///
/// We are always the answerer, ICE-lite, the DTLS server, and senders only; all sections share one transport.
public struct Negotiation: Sendable {
  /// What the last answer settled; nil before the first.
  public private(set) var plan: SessionPlan?
  private let fingerprint: Fingerprint
  private let candidates: [Candidate]
  private let sessionID: String
  private var version: UInt64 = 0
  private var local: ICECredentials
  private var random: any RandomNumberGenerator & Sendable

  /// - Parameters:
  ///   - fingerprint: that of the certificate the connection will use.
  ///   - candidates: host candidates, best first: each advertised address with the one UDP port.
  ///   - random: source of credentials, SSRCs and start numbers; must be fit for secrets.
  public init(
    fingerprint: Fingerprint, candidates: [Candidate], random: some RandomNumberGenerator & Sendable
  ) {
    var random = random
    self.fingerprint = fingerprint
    self.candidates = candidates
    self.local = ICECredentials(using: &random)
    // RFC 8829 section 5.2.1: 64 bits of which the top one is zero.
    self.sessionID = String(UInt64.random(in: 1...UInt64(Int64.max), using: &random))
    self.random = random
  }

  /// The answer to an offer. Sections whose mid is in `sending` send that track, if the peer wants to receive there;
  /// the others stay inactive. After an error nothing has changed.
  public mutating func answer(
    offer: SessionDescription, sending tracks: [String: OutgoingTrack]
  ) throws(WebRTCError) -> SessionDescription {
    do throws(NegotiationFault) {
      return try self.settle(offer, tracks)
    } catch {
      throw .negotiation(error)
    }
  }

  private mutating func settle(
    _ offer: SessionDescription, _ tracks: [String: OutgoingTrack]
  ) throws(NegotiationFault) -> SessionDescription {
    guard !offer.sections.isEmpty else { throw .noSections }
    if let before = self.plan?.sections.count, before > offer.sections.count {
      throw .sectionsRemoved(before: before, now: offer.sections.count)
    }
    let bundle = try OfferedBundle(offer)
    let transport = try self.transport(offer, bundle)
    if let plan, plan.remote != transport.remote { self.local = ICECredentials(using: &self.random) }

    var plan = SessionPlan(
      sections: [], local: self.local, remote: transport.remote, remoteFingerprints: transport.fingerprints,
      remoteSSRCs: [])
    var answered: [MediaSection] = []
    for (index, section) in offer.sections.enumerated() {
      guard let codecs = bundle.accepted[index], let mid = section.mid else {
        plan.sections.append(Self.refused(section))
        answered.append(Self.refusal(of: section))
        continue
      }
      let wants = section.direction == .recvonly || section.direction == .sendrecv
      let track = wants ? tracks[mid] : nil
      let stream = track.map { self.stream(of: $0, mid: mid, index: index, taken: plan) }
      let settled = SessionPlan.Section(
        mid: mid, kind: section.kind, isAccepted: true, payloadTypes: codecs.payloadTypes, feedback: codecs.feedback,
        retransmissionTypes: codecs.retransmissionTypes, extensions: Self.extensions(section, codecs.feedback),
        stream: stream)
      plan.sections.append(settled)
      plan.remoteSSRCs += Self.sources(section)
      answered.append(
        self.section(section, settled, codecs, track: track))
    }
    self.plan = plan
    self.version += 1
    return SessionDescription(
      origin: .init(sessionID: self.sessionID, version: self.version),
      attributes: [
        .iceLite, .group("BUNDLE", mids: bundle.mids), .other(name: "msid-semantic", value: " WMS *"),
      ],
      sections: answered)
  }

  /// The bundle's transport. Once every section is closed there is nobody to say it again, so the former one stays.
  private func transport(
    _ offer: SessionDescription, _ bundle: OfferedBundle
  ) throws(NegotiationFault) -> OfferedTransport {
    guard let tagged = bundle.tagged else {
      guard let plan else { throw .nothingAcceptable }
      return OfferedTransport(remote: plan.remote, fingerprints: plan.remoteFingerprints)
    }
    let transport = try OfferedTransport(
      offer, tagged: offer.sections[tagged], bundled: bundle.accepted.keys.sorted().map { offer.sections[$0] })
    if let plan, Set(plan.remoteFingerprints) != Set(transport.fingerprints) { throw .fingerprintChanged }
    return transport
  }

  /// The stream a track has had in this section, or a new one.
  private mutating func stream(
    of track: OutgoingTrack, mid: String, index: Int, taken plan: SessionPlan
  ) -> OutgoingStream {
    if let sections = self.plan?.sections, index < sections.count, sections[index].mid == mid,
      let former = sections[index].stream, former.trackID == track.trackID, former.cname == track.cname
    {
      return former
    }
    var used = Set(
      ((self.plan?.sections ?? []) + plan.sections).compactMap(\.stream).flatMap { [$0.ssrc, $0.retransmission.ssrc] })
    return OutgoingStream(
      ssrc: self.source(notIn: &used), cname: track.cname, trackID: track.trackID,
      firstSequenceNumber: self.sequenceNumber(),
      timestampOffset: UInt32.random(in: .min ... .max, using: &self.random),
      retransmission: .init(ssrc: self.source(notIn: &used), firstSequenceNumber: self.sequenceNumber()))
  }

  private mutating func source(notIn used: inout Set<UInt32>) -> UInt32 {
    while true {
      let ssrc = UInt32.random(in: 1 ... .max, using: &self.random)
      if used.insert(ssrc).inserted { return ssrc }
    }
  }

  private mutating func sequenceNumber() -> UInt16 { UInt16.random(in: 0...0x7FFF, using: &self.random) }

  // MARK: - Sections of the answer

  private func section(
    _ offered: MediaSection, _ settled: SessionPlan.Section, _ codecs: CodecSelection, track: OutgoingTrack?
  ) -> MediaSection {
    let best = self.candidates.first
    var section = MediaSection(
      kind: offered.kind, port: best?.port ?? 9, transport: offered.transport, formats: codecs.formats.map(String.init),
      connection: best.map { "IN \($0.addressType) \($0.address)" } ?? "IN IP4 0.0.0.0")
    section.attributes = [
      .mid(settled.mid), .iceUfrag(self.local.ufrag), .icePassword(self.local.password),
      .fingerprint(self.fingerprint), .setup("passive"), .direction(settled.stream == nil ? .inactive : .sendonly),
      .rtcpMux,
    ]
    if offered.attributes.contains(.rtcpReducedSize) { section.attributes.append(.rtcpReducedSize) }
    for (id, uri) in [
      (settled.extensions.mediaID, ExtensionMap.mid),
      (settled.extensions.absoluteSendTime, ExtensionMap.absoluteSendTime),
      (settled.extensions.transportSequenceNumber, ExtensionMap.transportSequenceNumber),
      (settled.extensions.audioLevel, ExtensionMap.audioLevel),
    ] {
      if let id { section.attributes.append(.extmap(ExtensionMap(id: UInt16(id), uri: uri))) }
    }
    section.attributes += codecs.attributes
    if let stream = settled.stream, let track {
      section.attributes.append(.msid(stream: track.streamID, track: track.trackID))
      var sources = [stream.ssrc]
      if !settled.retransmissionTypes.codecs.isEmpty {
        sources.append(stream.retransmission.ssrc)
        section.attributes.append(
          .other(name: "ssrc-group", value: "FID \(stream.ssrc) \(stream.retransmission.ssrc)"))
      }
      for ssrc in sources {
        section.attributes += [
          .ssrc(ssrc, "cname:\(stream.cname)"), .ssrc(ssrc, "msid:\(track.streamID) \(track.trackID)"),
        ]
      }
    }
    // Candidates belong to the transport, and the section that stands for the bundle would do (RFC 8843 7.3.3). But
    // there are peers that read those of the last section only, and none that minds them in all.
    section.attributes += self.candidates.map(SDPAttribute.candidate) + [.endOfCandidates]
    return section
  }

  private static func refusal(of offered: MediaSection) -> MediaSection {
    MediaSection(
      kind: offered.kind, port: 0, transport: offered.transport, formats: offered.formats,
      connection: "IN IP4 0.0.0.0",
      attributes: (offered.mid.map { [.mid($0)] } ?? []) + [.direction(.inactive)])
  }

  private static func refused(_ offered: MediaSection) -> SessionPlan.Section {
    SessionPlan.Section(
      mid: offered.mid ?? "", kind: offered.kind, isAccepted: false, payloadTypes: PayloadTypes(), feedback: [],
      retransmissionTypes: PayloadTypes(), extensions: HeaderExtensionMap(), stream: nil)
  }

  /// The header extensions we write, as one-byte elements: identifiers 1 to 14, values up to 16 bytes (RFC 8285 section
  /// 4.2). Send times are for receivers that estimate by themselves; one that reports arrivals has no use for them.
  private static func extensions(_ section: MediaSection, _ feedback: SessionPlan.Feedback) -> HeaderExtensionMap {
    var map = HeaderExtensionMap()
    for case .extmap(let offered) in section.attributes
    where (1...14).contains(offered.id) && offered.direction != .sendonly {
      let id = UInt8(offered.id)
      switch offered.uri {
      case ExtensionMap.mid:
        if map.mediaID == nil, let mid = section.mid, (1...16).contains(mid.utf8.count) { map.mediaID = id }
      case ExtensionMap.absoluteSendTime where feedback.contains(.estimatedBitRate):
        map.absoluteSendTime = map.absoluteSendTime ?? id
      case ExtensionMap.transportSequenceNumber where feedback.contains(.transportWide):
        map.transportSequenceNumber = map.transportSequenceNumber ?? id
      case ExtensionMap.audioLevel where section.kind == .audio: map.audioLevel = map.audioLevel ?? id
      default: break
      }
    }
    return map
  }

  private static func sources(_ section: MediaSection) -> [UInt32] {
    var sources: [UInt32] = []
    for case .ssrc(let source, _) in section.attributes where sources.count < 16 && sources.last != source {
      sources.append(source)
    }
    return sources
  }
}
