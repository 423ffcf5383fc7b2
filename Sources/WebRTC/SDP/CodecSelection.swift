import RTP

/// The codecs of an offered section that we can send, one payload type each, with the lines that answer them.
struct CodecSelection {
  private(set) var payloadTypes = PayloadTypes()
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
      self.answer(map, in: section)
    }
  }

  var isEmpty: Bool { self.formats.isEmpty }

  private mutating func answer(_ map: RTPMap, in section: MediaSection) {
    self.attributes.append(.rtpmap(map))
    for case .rtcpFeedback(let type, let text) in section.attributes where type == nil || type == map.payloadType {
      let kind: SessionPlan.Feedback
      switch text {
      case "nack": kind = .nack
      case "nack pli": kind = .pictureLoss
      case "ccm fir": kind = .fullIntraRequest
      default: continue
      }
      self.feedback.insert(kind)
      let line = SDPAttribute.rtcpFeedback(payloadType: map.payloadType, text)
      if !self.attributes.contains(line) { self.attributes.append(line) }
    }
    // Parameters go back as they came: for H.264 the profile must be the same and the level is one that the offerer
    // takes (RFC 6184 section 8.2.2), for Opus they are the receiver's wishes.
    for case .fmtp(map.payloadType, let text) in section.attributes {
      self.attributes.append(.fmtp(payloadType: map.payloadType, text))
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
