import RTP

/// The codecs of an offered section that we can send, one payload type each, with the lines that answer them.
struct CodecSelection {
  private(set) var payloadTypes = PayloadTypes()
  /// Those of packets sent again, by the codec they repeat (RFC 4588 section 8.6).
  private(set) var retransmissionTypes = PayloadTypes()
  private(set) var feedback: SessionPlan.Feedback = []
  /// Chosen payload types, in the order of the offer.
  private(set) var formats: [UInt8] = []
  private(set) var attributes: [SDPAttribute] = []

  init(_ section: MediaSection) {
    let offered = Self.offered(section)
    var chosen: [PayloadCodec: RTPMap] = [:]
    for map in offered {
      guard let codec = Self.codec(of: map, in: section) else { continue }
      if let former = chosen[codec], !Self.isBetter(map, than: former, codec, in: section) { continue }
      chosen[codec] = map
    }
    for map in offered {
      guard let codec = chosen.first(where: { $0.value.payloadType == map.payloadType })?.key else { continue }
      self.payloadTypes[codec] = map.payloadType
      self.formats.append(map.payloadType)
      let feedback = self.answer(map, in: section)
      guard feedback.contains(.nack), let repeated = Self.retransmission(of: map, among: offered, in: section) else {
        continue
      }
      self.retransmissionTypes[codec] = repeated.payloadType
      self.formats.append(repeated.payloadType)
      self.attributes += [
        .rtpmap(repeated), .fmtp(payloadType: repeated.payloadType, "apt=\(map.payloadType)"),
      ]
    }
  }

  /// The type under which a type's packets may be sent again. Its `rtx-time` is not asked: our history is bounded anyway.
  private static func retransmission(of map: RTPMap, among offered: [RTPMap], in section: MediaSection) -> RTPMap? {
    offered.first {
      $0.encoding.lowercased() == "rtx" && $0.clockRate == map.clockRate
        && section.parameters(of: $0.payloadType)?["apt"] == String(map.payloadType)
    }
  }

  var isEmpty: Bool { self.formats.isEmpty }

  private mutating func answer(_ map: RTPMap, in section: MediaSection) -> SessionPlan.Feedback {
    self.attributes.append(.rtpmap(map))
    let reportsArrivals = Self.reportsArrivals(map, in: section)
    var feedback: SessionPlan.Feedback = []
    for case .rtcpFeedback(let type, let text) in section.attributes where type == nil || type == map.payloadType {
      let kind: SessionPlan.Feedback
      switch text {
      case "nack": kind = .nack
      case "nack pli": kind = .pictureLoss
      case "ccm fir": kind = .fullIntraRequest
      case "transport-cc" where reportsArrivals: kind = .transportWide
      // One estimate is enough, and ours knows more than the receiver's.
      case "goog-remb" where !reportsArrivals: kind = .estimatedBitRate
      default: continue
      }
      feedback.insert(kind)
      let line = SDPAttribute.rtcpFeedback(payloadType: map.payloadType, text)
      if !self.attributes.contains(line) { self.attributes.append(line) }
    }
    // Parameters go back as they came: for H.264 the profile must be the same and the level is one that the offerer
    // takes (RFC 6184 section 8.2.2), for Opus they are the receiver's wishes.
    for case .fmtp(map.payloadType, let text) in section.attributes {
      self.attributes.append(.fmtp(payloadType: map.payloadType, text))
    }
    self.feedback.formUnion(feedback)
    return feedback
  }

  /// Whether the peer says when each packet came: it can do so only of packets that carry their number.
  private static func reportsArrivals(_ map: RTPMap, in section: MediaSection) -> Bool {
    section.attributes.contains {
      if case .rtcpFeedback(let type, "transport-cc") = $0 { type == nil || type == map.payloadType } else { false }
    }
      && section.attributes.contains {
        if case .extmap(let map) = $0 { map.uri == ExtensionMap.transportSequenceNumber } else { false }
      }
  }

  /// The mapped payload types in the order of the `m=` line, static ones included (RFC 3551 section 6).
  private static func offered(_ section: MediaSection) -> [RTPMap] {
    var maps: [UInt8: RTPMap] = [:]
    for case .rtpmap(let map) in section.attributes where maps[map.payloadType] == nil { maps[map.payloadType] = map }
    var seen: Set<UInt8> = []
    return section.formats.compactMap { word in
      guard let type = UInt8(word), seen.insert(type).inserted else { return nil }
      if let map = maps[type] { return map }
      switch type {
      case 0: return RTPMap(payloadType: 0, encoding: "PCMU", clockRate: 8000)
      case 8: return RTPMap(payloadType: 8, encoding: "PCMA", clockRate: 8000)
      default: return nil
      }
    }
  }

  private static func codec(of map: RTPMap, in section: MediaSection) -> PayloadCodec? {
    switch (section.kind, map.encoding.lowercased(), map.clockRate) {
    // RFC 7587 section 7: always two channels, whatever is in the packets.
    case (.audio, "opus", 48_000) where map.channels == 2: return .opus
    case (.audio, "pcmu", 8000) where map.channels ?? 1 == 1: return .pcmu
    case (.audio, "pcma", 8000) where map.channels ?? 1 == 1: return .pcma
    case (.video, "vp8", 90_000): return .vp8
    case (.video, "h264", 90_000):
      let parameters = section.parameters(of: map.payloadType)
      guard parameters?["packetization-mode"] == "1", let profile = H264Profile(parameters?["profile-level-id"]),
        profile.isBaseline || profile.isConstrainedBaseline
      else { return nil }
      return .h264
    default: return nil
    }
  }

  /// Of several H.264 types Constrained Baseline is the safest; otherwise the offerer's first is its favourite.
  private static func isBetter(
    _ map: RTPMap, than former: RTPMap, _ codec: PayloadCodec, in section: MediaSection
  ) -> Bool {
    guard codec == .h264 else { return false }
    func isSafest(_ map: RTPMap) -> Bool {
      H264Profile(section.parameters(of: map.payloadType)?["profile-level-id"])?.isConstrainedBaseline ?? false
    }
    return isSafest(map) && !isSafest(former)
  }
}
