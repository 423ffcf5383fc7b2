/// Which sections of an offer share the one transport, and which of them stands for it (RFC 8843 section 7.3).
struct OfferedBundle {
  /// The sections we take, by position, with their codecs.
  private(set) var accepted: [Int: CodecSelection] = [:]
  /// Position of the section whose transport counts: the first of the group that is taken.
  private(set) var tagged: Int?
  /// Mids of the sections we take, in the order of the group.
  private(set) var mids: [String] = []

  init(_ offer: SessionDescription) throws(NegotiationFault) {
    var positions: [String: Int] = [:]
    for (index, section) in offer.sections.enumerated() {
      guard let mid = section.mid else { continue }
      guard positions.updateValue(index, forKey: mid) == nil else { throw .duplicateMid(mid) }
    }
    for mid in Self.group(offer) {
      guard let index = positions[mid], self.accepted[index] == nil, Self.isServed(offer.sections[index]) else {
        continue
      }
      let codecs = CodecSelection(offer.sections[index])
      guard !codecs.isEmpty else { continue }
      self.accepted[index] = codecs
      self.mids.append(mid)
      self.tagged = self.tagged ?? index
    }
  }

  /// The bundle's mids. An offer without one gets its first section served, for that needs one transport only.
  private static func group(_ offer: SessionDescription) -> [String] {
    for case .group("BUNDLE", let mids) in offer.attributes { return mids }
    let first = offer.sections.first { self.isServed($0) && !CodecSelection($0).isEmpty }
    return first?.mid.map { [$0] } ?? []
  }

  private static func isServed(_ section: MediaSection) -> Bool {
    guard section.kind == .audio || section.kind == .video, !section.isRejected else { return false }
    // RFC 8834 section 4.2: this profile; without rtcp-mux there would be a second port.
    return section.transport == "UDP/TLS/RTP/SAVPF" && section.attributes.contains(.rtcpMux)
  }
}
