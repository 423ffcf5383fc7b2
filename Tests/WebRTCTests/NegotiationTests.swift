import RTP
import Testing

@testable import TestPeer
@testable import WebRTC

@Suite struct NegotiationTests {
  private static let fingerprint = Fingerprint(algorithm: "sha-256", digest: [UInt8](repeating: 0xAB, count: 32))

  private func negotiation() -> Negotiation {
    Negotiation(
      fingerprint: Self.fingerprint,
      candidates: [
        .host(address: "192.0.2.1", port: 8000), .host(address: "2001:db8::1", port: 8000, preference: 65534),
      ],
      random: SeededRandom(5))
  }

  private func track(_ name: String) -> OutgoingTrack {
    OutgoingTrack(streamID: name, trackID: name + "-track", cname: name)
  }

  private func tracks(_ offer: SessionDescription) -> [String: OutgoingTrack] {
    Dictionary(uniqueKeysWithValues: offer.sections.compactMap(\.mid).map { ($0, self.track("t" + $0)) })
  }

  @Test(arguments: Offers.names) func everyOfferIsAnsweredInItsOwnOrder(name: String) throws {
    let offer = try Offers.read(name)
    var negotiation = self.negotiation()
    let answer = try negotiation.answer(offer: offer, sending: self.tracks(offer))
    let plan = try #require(negotiation.plan)
    #expect(answer.sections.map(\.kind) == offer.sections.map(\.kind))
    #expect(answer.sections.map(\.mid) == offer.sections.map(\.mid))
    #expect(answer.attributes.contains(.iceLite))
    for (index, section) in answer.sections.enumerated() {
      let offered = offer.sections[index]
      guard offered.kind != .application else {
        #expect(section.port == 0)
        #expect(!plan.sections[index].isAccepted)
        continue
      }
      #expect(section.port == 8000)
      #expect(section.direction == .sendonly)
      #expect(section.attributes.contains(.setup("passive")))
      #expect(section.attributes.contains(.fingerprint(Self.fingerprint)))
      #expect(section.attributes.contains(.rtcpMux))
      #expect(Set(section.formats).isSubset(of: offered.formats))
      let stream = try #require(plan.sections[index].stream)
      #expect(section.attributes.contains(.ssrc(stream.ssrc, "cname:\(stream.cname)")))
      for codec in plan.sections[index].payloadTypes.codecs {
        #expect(section.formats.contains(String(try #require(plan.sections[index].payloadTypes[codec]))))
      }
    }
    // The answer must be readable by whoever gets it.
    #expect(try SessionDescription(parsing: answer.text) == answer)
  }

  @Test(arguments: [
    ("chromium-recvonly", [PayloadCodec.opus: 111, .pcmu: 0, .pcma: 8], [PayloadCodec.vp8: 96, .h264: 108]),
    ("firefox-recvonly", [.opus: 109, .pcmu: 0, .pcma: 8], [.vp8: 120]),
    ("safari-recvonly", [.opus: 111, .pcmu: 0, .pcma: 8], [.h264: 98, .vp8: 100]),
    ("aiortc-recvonly", [.opus: 96, .pcmu: 0, .pcma: 8], [.vp8: 97, .h264: 101]),
    ("gstreamer-recvonly", [.opus: 97], [.vp8: 96, .h264: 102]),
  ])
  func payloadTypesAreThoseOfTheOffer(name: String, audio: [PayloadCodec: UInt8], video: [PayloadCodec: UInt8]) throws {
    var negotiation = self.negotiation()
    _ = try negotiation.answer(offer: try Offers.read(name), sending: [:])
    let plan = try #require(negotiation.plan)
    for codec in PayloadCodec.allCases {
      #expect(plan.sections[0].payloadTypes[codec] == audio[codec])
      #expect(plan.sections[1].payloadTypes[codec] == video[codec])
    }
    #expect(plan.sections[1].feedback.isSuperset(of: [.nack, .pictureLoss]))
  }

  @Test(arguments: ["chromium-recvonly", "chromium-old-recvonly", "firefox-two", "safari-recvonly", "aiortc-recvonly"])
  func loudnessIsToldOfSoundAlone(name: String) throws {
    let offer = try Offers.read(name)
    var negotiation = self.negotiation()
    let answer = try negotiation.answer(offer: offer, sending: self.tracks(offer))
    for (index, section) in try #require(negotiation.plan).sections.enumerated() {
      let line = section.extensions.audioLevel.map {
        SDPAttribute.extmap(ExtensionMap(id: UInt16($0), uri: ExtensionMap.audioLevel))
      }
      #expect((line != nil) == (section.kind == .audio))
      if let line { #expect(answer.sections[index].attributes.contains(line)) }
    }
  }

  @Test(arguments: [
    ("chromium-recvonly", [PayloadCodec.vp8: UInt8(97), .h264: 109], true, false),
    ("firefox-recvonly", [.vp8: 124], true, false),
    ("safari-recvonly", [.h264: 99, .vp8: 101], false, true),
    ("aiortc-recvonly", [.vp8: 98, .h264: 102], false, true),
    ("gstreamer-recvonly", [:], false, false),
    ("chromium-old-recvonly", [.vp8: 97, .h264: 101], true, false),
  ])
  func whatIsLostGoesAgainOnAStreamOfItsOwnWhereThatIsOffered(
    name: String, types: [PayloadCodec: UInt8], numbersPackets: Bool, tellsTimes: Bool
  ) throws {
    let offer = try Offers.read(name)
    var negotiation = self.negotiation()
    let answer = try negotiation.answer(offer: offer, sending: self.tracks(offer))
    let picture = try #require(negotiation.plan).sections[1]
    for codec in PayloadCodec.allCases { #expect(picture.retransmissionTypes[codec] == types[codec]) }
    #expect((picture.extensions.transportSequenceNumber != nil) == numbersPackets)
    #expect((picture.extensions.absoluteSendTime != nil) == tellsTimes)
    let stream = try #require(picture.stream)
    let group = SDPAttribute.other(
      name: "ssrc-group", value: "FID \(stream.ssrc) \(stream.retransmission.ssrc)")
    #expect(answer.sections[1].attributes.contains(group) == !types.isEmpty)
    for (codec, type) in types {
      let repeated = try #require(picture.payloadTypes[codec])
      #expect(answer.sections[1].attributes.contains(.fmtp(payloadType: type, "apt=\(repeated)")))
    }
  }

  @Test func theDataChannelIsRefusedAndTheRestIsBundled() throws {
    var offer = try Offers.read("chromium-data")
    // The channel first, as pages write it that open it before anything else.
    let channel = try #require(offer.sections.firstIndex { $0.kind == .application })
    offer.sections.swapAt(0, channel)
    offer.attributes = offer.attributes.map { attribute in
      if case .group(let name, _) = attribute {
        return SDPAttribute.group(name, mids: offer.sections.compactMap(\.mid))
      }
      return attribute
    }
    var negotiation = self.negotiation()
    let answer = try negotiation.answer(offer: offer, sending: [:])
    #expect(answer.sections[0].port == 0)
    #expect(answer.attributes.contains(.group("BUNDLE", mids: offer.sections.dropFirst().compactMap(\.mid))))
    #expect(answer.sections[1].attributes.contains(.endOfCandidates))
  }

  @Test func sectionsWithoutATrackAreInactive() throws {
    var negotiation = self.negotiation()
    let answer = try negotiation.answer(offer: try Offers.read("chromium-recvonly"), sending: ["1": self.track("a")])
    #expect(answer.sections.map(\.direction) == [.inactive, .sendonly])
    #expect(negotiation.plan?.sections.map { $0.stream != nil } == [false, true])
  }

  @Test func anOfferThatOnlySendsGetsNothing() throws {
    var offer = try Offers.read("chromium-sendrecv")
    offer.sections[0].attributes.removeAll { $0 == .direction(.sendrecv) }
    offer.sections[0].attributes.append(.direction(.sendonly))
    var negotiation = self.negotiation()
    let answer = try negotiation.answer(offer: offer, sending: self.tracks(offer))
    #expect(answer.sections.map(\.direction) == [.inactive, .sendonly])
  }

  @Test func candidatesAreAllAddressesOnTheOnePort() throws {
    var negotiation = self.negotiation()
    let answer = try negotiation.answer(offer: try Offers.read("firefox-recvonly"), sending: [:])
    // In every section: some peers read those of the last one only.
    let lines = answer.text.split(separator: "\r\n").filter { $0.hasPrefix("a=candidate") || $0.hasPrefix("m=") }
    let candidates = [
      "a=candidate:1 1 udp 2130706431 192.0.2.1 8000 typ host",
      "a=candidate:2 1 udp 2130706175 2001:db8::1 8000 typ host",
    ]
    #expect(answer.sections.count == 2)
    #expect(lines.split { $0.hasPrefix("m=") }.allSatisfy { $0.elementsEqual(candidates.map { $0[...] }) })
  }

  @Test func laterOffersKeepSourcesAndCountVersions() throws {
    var negotiation = self.negotiation()
    let two = try Offers.read("chromium-two")
    var one = two
    one.sections.removeLast(2)
    let first = try negotiation.answer(offer: one, sending: self.tracks(one))
    let before = try #require(negotiation.plan)
    let second = try negotiation.answer(offer: two, sending: self.tracks(two))
    let after = try #require(negotiation.plan)
    #expect(second.origin.sessionID == first.origin.sessionID)
    #expect([first.origin.version, second.origin.version] == [1, 2])
    #expect(after.sections.prefix(2) == before.sections.prefix(2))
    #expect(Set(after.sections.compactMap { $0.stream?.ssrc }).count == 4)
    #expect(after.local == before.local)
  }

  @Test func anotherTrackInASectionIsAnotherSource() throws {
    var negotiation = self.negotiation()
    let offer = try Offers.read("chromium-recvonly")
    _ = try negotiation.answer(offer: offer, sending: ["1": self.track("a")])
    let before = negotiation.plan?.sections[1].stream
    _ = try negotiation.answer(offer: offer, sending: ["1": self.track("b")])
    #expect(negotiation.plan?.sections[1].stream != before)
    _ = try negotiation.answer(offer: offer, sending: ["1": self.track("a")])
    #expect(negotiation.plan?.sections[1].stream?.ssrc != before?.ssrc)
  }

  @Test func aClosedSectionIsRefusedAndItsPlaceCanBeUsedAgain() throws {
    var negotiation = self.negotiation()
    var offer = try Offers.read("chromium-two")
    _ = try negotiation.answer(offer: offer, sending: self.tracks(offer))
    offer.sections[1].port = 0
    func group(_ mids: [String]) -> [SDPAttribute] { [.group("BUNDLE", mids: mids)] }
    offer.attributes = group(["0", "2", "3"])
    var answer = try negotiation.answer(offer: offer, sending: self.tracks(offer))
    #expect(answer.sections.map(\.port) == [8000, 0, 8000, 8000])
    #expect(negotiation.plan?.sections[1].isAccepted == false)
    offer.sections[1].port = 9
    offer.sections[1].attributes = offer.sections[1].attributes.map { $0 == .mid("1") ? .mid("4") : $0 }
    offer.attributes = group(["0", "2", "3", "4"])
    answer = try negotiation.answer(offer: offer, sending: self.tracks(offer))
    #expect(answer.sections.map(\.mid) == ["0", "4", "2", "3"])
    #expect(answer.sections[1].direction == .sendonly)
  }

  @Test func newCredentialsOfThePeerRestartICE() throws {
    var negotiation = self.negotiation()
    var offer = try Offers.read("gstreamer-recvonly")
    _ = try negotiation.answer(offer: offer, sending: [:])
    let before = try #require(negotiation.plan)
    for index in offer.sections.indices {
      offer.sections[index].attributes = offer.sections[index].attributes.map { attribute in
        if case .iceUfrag = attribute { return .iceUfrag("fresh") }
        return attribute
      }
    }
    _ = try negotiation.answer(offer: offer, sending: [:])
    let after = try #require(negotiation.plan)
    #expect(after.remote.ufrag == "fresh")
    #expect(after.local.ufrag != before.local.ufrag)
    #expect(after.local.password != before.local.password)
  }

  @Test func anOfferThatCannotBeServedSaysWhyAndChangesNothing() throws {
    var negotiation = self.negotiation()
    let good = try Offers.read("firefox-recvonly")
    _ = try negotiation.answer(offer: good, sending: [:])
    let before = negotiation.plan
    func expect(_ fault: NegotiationFault, _ change: (inout SessionDescription) -> Void) {
      var offer = good
      change(&offer)
      #expect(throws: WebRTCError.negotiation(fault)) { try negotiation.answer(offer: offer, sending: [:]) }
      #expect(negotiation.plan == before)
    }
    func replace(_ offer: inout SessionDescription, _ change: (SDPAttribute) -> SDPAttribute?) {
      offer.attributes = offer.attributes.compactMap(change)
      for index in offer.sections.indices {
        offer.sections[index].attributes = offer.sections[index].attributes.compactMap(change)
      }
    }
    expect(.noSections) { $0.sections = [] }
    expect(.sectionsRemoved(before: 2, now: 1)) { $0.sections.removeLast() }
    expect(.bothLite) { $0.attributes.append(.iceLite) }
    expect(.missingFingerprint) { replace(&$0) { if case .fingerprint = $0 { nil } else { $0 } } }
    expect(.missingICECredentials) { replace(&$0) { if case .icePassword = $0 { .icePassword("short") } else { $0 } } }
    expect(.setupNotActive("passive")) { replace(&$0) { if case .setup = $0 { .setup("passive") } else { $0 } } }
    expect(.duplicateMid("0")) { replace(&$0) { $0 == .mid("1") ? .mid("0") : $0 } }
    expect(.fingerprintChanged) {
      replace(&$0) { if case .fingerprint = $0 { .fingerprint(Self.fingerprint) } else { $0 } }
    }
    var fresh = self.negotiation()
    var silent = good
    for index in silent.sections.indices { silent.sections[index].kind = .application }
    #expect(throws: WebRTCError.negotiation(.nothingAcceptable)) { try fresh.answer(offer: silent, sending: [:]) }
  }

  @Test(arguments: [
    ("packetization-mode=1;profile-level-id=42001f", true), ("packetization-mode=1;profile-level-id=42e034", true),
    ("packetization-mode=1", true), ("packetization-mode=0;profile-level-id=42e01f", false),
    ("profile-level-id=42e01f", false), ("packetization-mode=1;profile-level-id=4d001f", false),
    ("packetization-mode=1;profile-level-id=42e0", false), ("Packetization-Mode = 1; Profile-Level-Id = 42E01F", true),
  ])
  func h264IsTakenInBaselineAndModeOneOnly(parameters: String, isTaken: Bool) {
    var section = MediaSection(kind: .video, port: 9, transport: "UDP/TLS/RTP/SAVPF", formats: ["99"])
    section.attributes = [
      .rtpmap(RTPMap(payloadType: 99, encoding: "h264", clockRate: 90_000)), .fmtp(payloadType: 99, parameters),
    ]
    #expect(CodecSelection(section).payloadTypes[.h264] == (isTaken ? 99 : nil))
  }
}
