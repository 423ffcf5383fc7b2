import NIOCore
import RTP
import Testing

@testable import TestPeer
@testable import WebRTC

@Suite struct PeerConnectionTests {
  @Test func aPeerThatChecksAndShakesHandsIsConnected() throws {
    let talk = try Conversation()
    try talk.connect()
    #expect(talk.events == [.connected])
    #expect(talk.peer.profile == .aeadAES128GCM)
    #expect(talk.peer.checkAnswers.map(\.messageClass) == [.success])
    #expect(talk.peer.checkAnswers[0].attributes.contains(.xorMappedAddress(talk.peer.address)))
  }

  @Test func theHandshakeMayComeBeforeNomination() throws {
    let talk = try Conversation()
    try talk.check(nominate: false)
    talk.peer.startDTLS(at: talk.now)
    try talk.exchange()
    #expect(talk.events == [.connected])
  }

  @Test func theHandshakeIsNotAnsweredBeforeACheck() throws {
    let talk = try Conversation()
    talk.peer.startDTLS(at: talk.now)
    try talk.exchange()
    #expect(talk.sent.isEmpty)
    #expect(talk.connection.counters.handshakesUnvalidated > 0)
  }

  @Test func aLostFirstFlightIsSentAgainAfter50Milliseconds() throws {
    let talk = try Conversation()
    try talk.check()
    talk.peer.dropsDTLS = 1
    // The client's own timer is put aside by delivering its flight only once.
    talk.peer.startDTLS(at: talk.now)
    try talk.exchange()
    #expect(talk.events.isEmpty)
    #expect(talk.connection.deadline == talk.start + .milliseconds(50))
    talk.now = talk.start + .milliseconds(50)
    talk.connection.elapsed(at: talk.now, into: talk.arena)
    try talk.exchange()
    #expect(talk.events == [.connected])
    #expect(talk.now - talk.start <= .milliseconds(200))
  }

  @Test(arguments: 1...6) func aHandshakeEndsThoughDatagramsAreLost(lost: Int) throws {
    let talk = try Conversation()
    try talk.check()
    talk.peer.dropsDTLS = lost
    talk.peer.startDTLS(at: talk.now)
    try talk.exchange()
    try talk.advance(.seconds(8))
    #expect(talk.events == [.connected])
  }

  @Test func anotherCertificateThanTheSignalledOneGetsNoMedia() throws {
    let wrong = Fingerprint(algorithm: "sha-256", digest: [UInt8](repeating: 1, count: 32))
    let talk = try Conversation(fingerprints: [wrong])
    try talk.connect()
    #expect(talk.events == [.closed(.wrongFingerprint)])
    #expect(!talk.connection.send(try Conversation.sound(0), section: 0, at: talk.now, into: talk.arena))
    #expect(talk.arena.isEmpty)
    #expect(talk.peer.isClosed)
  }

  @Test func soundAndPictureArriveAsTheyWereCut() throws {
    let talk = try Conversation()
    try talk.connect()
    let plan = try talk.plan
    try talk.send(try Conversation.sound(960), section: 0)
    try talk.send(try Conversation.picture(1800), section: 1)
    let audio = try #require(plan.sections[0].stream)
    let video = try #require(plan.sections[1].stream)
    #expect(talk.peer.packets.map(\.header.ssrc) == [audio.ssrc, video.ssrc, video.ssrc, video.ssrc])
    #expect(talk.peer.packets.map(\.header.payloadType) == [111, 96, 96, 96])
    #expect(talk.peer.packets.map(\.header.marker) == [false, false, false, true])
    #expect(talk.peer.packets[0].header.timestamp == audio.timestampOffset &+ 960)
    #expect(talk.peer.packets[1...].allSatisfy { $0.header.timestamp == video.timestampOffset &+ 1800 })
    #expect(talk.peer.packets[1...].map(\.header.sequenceNumber) == (0..<3).map { video.firstSequenceNumber + $0 })
    #expect(talk.peer.packets.map(\.extensions.mediaID) == ["0", "1", "1", "1"])
    #expect(talk.peer.packets[2].payload == ByteBuffer(repeating: 1, count: 1160))
  }

  @Test(arguments: [true, false]) func soundTellsHowLoudItIsWhereThatWasNegotiated(_ isModern: Bool) throws {
    let talk = try Conversation(isModern: isModern)
    try talk.connect()
    let level = AudioLevel(attenuation: 23, isVoice: true)
    try talk.send(try Conversation.loudSound(960, level), section: 0)
    try talk.send(try Conversation.sound(1920), section: 0)
    #expect(talk.peer.packets.map(\.extensions.audioLevel) == [isModern ? level : nil, nil])
  }

  @Test func nothingIsSentInASectionWithoutATrackOrInAForeignCodec() throws {
    let talk = try Conversation()
    try talk.connect()
    #expect(!talk.connection.send(try Conversation.picture(0), section: 0, at: talk.now, into: talk.arena))
    #expect(!talk.connection.send(try Conversation.sound(0), section: 2, at: talk.now, into: talk.arena))
    #expect(!talk.connection.send(try Conversation.sound(0), section: -1, at: talk.now, into: talk.arena))
    #expect(talk.arena.isEmpty)
  }

  @Test func theTimeOfAFrameCanBeSetByTheOwner() throws {
    let talk = try Conversation()
    try talk.connect()
    try talk.send(try Conversation.picture(0), section: 1, mediaTime: 4_500)
    let offset = try #require(try talk.plan.sections[1].stream).timestampOffset
    #expect(talk.peer.packets[0].header.timestamp == offset &+ 4_500)
  }

  @Test func aChangeOfCodecChangesOnlyThePayloadType() throws {
    let talk = try Conversation()
    try talk.connect()
    try talk.send(try Conversation.picture(0, packets: 1), section: 1)
    try talk.send(try Conversation.picture(3000, packets: 1, codec: .h264), section: 1)
    #expect(talk.peer.packets.map(\.header.payloadType) == [96, 102])
    #expect(talk.peer.packets[1].header.sequenceNumber == talk.peer.packets[0].header.sequenceNumber + 1)
    #expect(talk.peer.packets[1].header.ssrc == talk.peer.packets[0].header.ssrc)
  }

  @Test func theMidIsLeftOutOnceTheReceiverHasSeenItOften() throws {
    let talk = try Conversation()
    try talk.connect()
    for index in 0..<201 { try talk.send(try Conversation.sound(Int64(index) * 960), section: 0) }
    #expect(talk.peer.packets.count == 201)
    #expect(talk.peer.packets[199].extensions.mediaID == "0")
    #expect(talk.peer.packets[200].extensions.mediaID == nil)
  }

  @Test func aMissingPacketIsSentAgainAsItWas() throws {
    let talk = try Conversation()
    try talk.connect()
    // Beyond the packets that carry the mid, so that old and new ones differ in form.
    for index in 0..<70 { try talk.send(try Conversation.picture(Int64(index) * 3000), section: 1) }
    let stream = try #require(try talk.plan.sections[1].stream)
    let first = stream.firstSequenceNumber
    let datagrams = talk.sent.map(\.1).filter { DatagramKind(of: $0) == .srtp }
    let asked: [UInt16] = [0, 150, 205].map { first + $0 }
    talk.sent = []
    talk.now = talk.now + .milliseconds(30)
    let nack = GenericNACK(senderSSRC: 1, mediaSSRC: stream.ssrc, missing: asked + [first + 9000])
    try talk.deliver(try talk.peer.protectRTCP([.genericNACK(nack)]))
    #expect(talk.sent.map(\.1) == [datagrams[0], datagrams[150], datagrams[205]])
    #expect(talk.connection.counters.packetsResent == 3)
    #expect(talk.connection.counters.packetsNotHeld == 1)
    // Asked for again at once: the copy may still be on its way.
    talk.sent = []
    try talk.deliver(try talk.peer.protectRTCP([.genericNACK(nack)]))
    #expect(talk.sent.isEmpty)
  }

  @Test func aMissingPacketGoesAgainOnAStreamOfItsOwn() throws {
    let talk = try Conversation(isModern: true)
    try talk.connect()
    for index in 0..<70 { try talk.send(try Conversation.picture(Int64(index) * 3000), section: 1) }
    let stream = try #require(try talk.plan.sections[1].stream)
    let originals = talk.peer.packets
    talk.peer.packets = []
    talk.now = talk.now + .milliseconds(30)
    let asked: [UInt16] = [1, 205].map { stream.firstSequenceNumber + $0 }
    let nack = GenericNACK(senderSSRC: 1, mediaSSRC: stream.ssrc, missing: asked)
    try talk.deliver(try talk.peer.protectRTCP([.genericNACK(nack)]))
    #expect(talk.peer.packets.count == 2)
    for (index, packet) in talk.peer.packets.enumerated() {
      let original = originals[index == 0 ? 1 : 205]
      var payload = packet.payload
      #expect(packet.header.ssrc == stream.retransmission.ssrc)
      #expect(packet.header.payloadType == 97)
      #expect(packet.header.sequenceNumber == stream.retransmission.firstSequenceNumber + UInt16(index))
      #expect(packet.header.timestamp == original.header.timestamp)
      #expect(packet.extensions.mediaID == "1")
      #expect(payload.readInteger(as: UInt16.self) == original.header.sequenceNumber)
      #expect(payload == original.payload)
    }
  }

  @Test func soundIsSentTwiceMoreOnALineThatLosesPackets() throws {
    let talk = try Conversation()
    try talk.connect()
    let stream = try #require(try talk.plan.sections[0].stream)
    func report(_ share: UInt8) throws {
      let block = ReportBlock(
        ssrc: stream.ssrc, fractionLost: share, cumulativeLost: 0, highestSequenceNumber: 0, jitter: 0,
        lastSenderReport: 0, delaySinceLastSenderReport: 0)
      try talk.deliver(try talk.peer.protectRTCP([.receiverReport(.init(ssrc: 1, reports: [block]))]))
    }
    var tick: Int64 = 0
    func speak(_ packets: Int) throws {
      for _ in 0..<packets {
        try talk.send(try Conversation.sound(tick * 960), section: 0)
        tick += 1
        try talk.advance(.milliseconds(20))
      }
    }
    try speak(20)
    #expect(talk.connection.counters.soundRepeated == 0)
    try report(26)
    talk.sent = []
    try speak(50)
    let sounds = talk.sent.map(\.1).filter { DatagramKind(of: $0) == .srtp }
    // Byte for byte, so that no key stream covers two texts.
    let copies = Dictionary(grouping: sounds) { $0 }.values.map(\.count)
    #expect(copies.count == 50)
    #expect(copies.filter { $0 == 3 }.count >= 40)
    // A receiver that has them all takes each once.
    #expect(talk.peer.packets.count == 70)
    for _ in 0..<40 {
      try speak(50)
      try report(0)
    }
    let repeated = talk.connection.counters.soundRepeated
    try speak(50)
    #expect(talk.connection.counters.soundRepeated == repeated)
  }

  @Test func allStreamsAreNumberedTogether() throws {
    let talk = try Conversation(isModern: true)
    try talk.connect()
    try talk.send(try Conversation.sound(0), section: 0)
    try talk.send(try Conversation.picture(0), section: 1)
    try talk.send(try Conversation.sound(960), section: 0)
    #expect(talk.peer.packets.map(\.extensions.transportSequenceNumber) == [0, 1, 2, 3, 4])
  }

  @Test func aReceiverCannotAskForMoreThanItsShare() throws {
    let talk = try Conversation()
    try talk.connect()
    for index in 0..<170 { try talk.send(try Conversation.picture(Int64(index) * 3000), section: 1) }
    let stream = try #require(try talk.plan.sections[1].stream)
    for round in 0..<4 {
      talk.now = talk.now + .milliseconds(12)
      let missing = (0..<500).map { stream.firstSequenceNumber + 9 + $0 }
      let nack = GenericNACK(senderSSRC: 1, mediaSSRC: stream.ssrc, missing: missing)
      try talk.deliver(try talk.peer.protectRTCP([.genericNACK(nack)]))
      #expect(talk.connection.counters.packetsResent <= 512 + UInt64(round) * 6)
    }
    #expect(talk.connection.counters.resendsRefused > 1000)
  }

  @Test func keyFrameRequestsBecomeEvents() throws {
    let talk = try Conversation()
    try talk.connect()
    talk.events = []
    let ssrc = try #require(try talk.plan.sections[1].stream).ssrc
    let indication = RTCPPacket.pictureLossIndication(.init(senderSSRC: 1, mediaSSRC: ssrc))
    try talk.deliver(try talk.peer.protectRTCP([indication]))
    #expect(talk.events == [.keyFrameRequested(section: 1)])
    let request = RTCPPacket.fullIntraRequest(.init(senderSSRC: 1, entries: [.init(ssrc: ssrc, sequenceNumber: 5)]))
    try talk.deliver(try talk.peer.protectRTCP([request]))
    try talk.deliver(try talk.peer.protectRTCP([request]))
    #expect(talk.events == [.keyFrameRequested(section: 1), .keyFrameRequested(section: 1)])
    let foreign = RTCPPacket.pictureLossIndication(.init(senderSSRC: 1, mediaSSRC: ssrc &+ 1))
    try talk.deliver(try talk.peer.protectRTCP([foreign]))
    #expect(talk.events.count == 2)
  }

  @Test func senderReportsOfSoundAndPictureLieOnOneClock() throws {
    let talk = try Conversation()
    try talk.connect()
    try talk.send(try Conversation.sound(48_000), section: 0)
    talk.now = talk.now + .milliseconds(40)
    // The picture of the same instant leaves 40 ms later.
    try talk.send(try Conversation.picture(90_000), section: 1)
    try talk.advance(.milliseconds(1500))
    let plan = try talk.plan
    let reports = talk.peer.reports.compactMap { if case .senderReport(let report) = $0 { report } else { nil } }
    func mediaTimes(_ section: Int, rate: Double) -> [Double] {
      guard let stream = plan.sections[section].stream else { return [] }
      return reports.filter { $0.ssrc == stream.ssrc }.map { report in
        let ticks = Double(Int32(bitPattern: report.rtpTimestamp &- stream.timestampOffset))
        return ticks / rate - Double(report.ntpTime.rawValue - reports[0].ntpTime.rawValue) / 4_294_967_296
      }
    }
    let audio = mediaTimes(0, rate: 48_000)
    let video = mediaTimes(1, rate: 90_000)
    #expect(audio.count == 2)
    #expect(video.count == 2)
    for offset in audio + video { #expect(abs(offset - 1) < 0.0001) }
    #expect(reports.last { $0.ssrc == plan.sections[1].stream?.ssrc }?.packetCount == 3)
    #expect(reports.last { $0.ssrc == plan.sections[1].stream?.ssrc }?.octetCount == 2620)
    let names = talk.peer.reports.compactMap { packet -> String? in
      if case .sourceDescription(let description) = packet { description.chunks.first?.cname } else { nil }
    }
    #expect(Set(names) == ["alice"])
  }

  @Test func aReceiverReportTellsLossAndRoundTrip() throws {
    let talk = try Conversation()
    try talk.connect()
    try talk.send(try Conversation.picture(0), section: 1)
    let ssrc = try #require(try talk.plan.sections[1].stream).ssrc
    let report = try #require(
      talk.peer.reports.compactMap { if case .senderReport(let report) = $0 { report } else { nil } }.first)
    talk.now = talk.now + .milliseconds(120)
    let block = ReportBlock(
      ssrc: ssrc, fractionLost: 64, cumulativeLost: 3, highestSequenceNumber: 1, jitter: 9,
      lastSenderReport: report.ntpTime.middle32, delaySinceLastSenderReport: 6554)
    talk.events = []
    try talk.deliver(try talk.peer.protectRTCP([.receiverReport(.init(ssrc: 1, reports: [block]))]))
    guard case .receiverReport(1, let said) = talk.events.first else {
      Issue.record("no report but \(talk.events)")
      return
    }
    #expect(said.fractionLost == 64)
    #expect(said.cumulativeLost == 3)
    let roundTrip = try #require(said.roundTrip)
    #expect(abs(roundTrip.nanoseconds - 20_000_000) < 200_000)
  }

  @Test func aReplayedPacketIsCountedAndChangesNothing() throws {
    let talk = try Conversation()
    try talk.connect()
    talk.events = []
    let ssrc = try #require(try talk.plan.sections[1].stream).ssrc
    let datagram = try talk.peer.protectRTCP([.pictureLossIndication(.init(senderSSRC: 1, mediaSSRC: ssrc))])
    try talk.deliver(datagram)
    try talk.deliver(datagram)
    #expect(talk.events.count == 1)
    #expect(talk.connection.counters[.replay] == 1)
  }

  @Test func rejectedPacketsAreCountedByReason() throws {
    let talk = try Conversation()
    let early = ByteBuffer(bytes: [0x80, 201, 0, 1, 0, 0, 0, 1] + [UInt8](repeating: 0, count: 30))
    try talk.deliver(early)
    #expect(talk.connection.counters[.beforeKeys] == 1)
    try talk.connect()
    try talk.deliver(early)
    #expect(talk.connection.counters[.auth] == 1)
    try talk.deliver(ByteBuffer(bytes: [0x80, 201, 0]))
    #expect(talk.connection.counters[.malformed] == 1)
    try talk.deliver(ByteBuffer(bytes: [0x80, 96] + [UInt8](repeating: 3, count: 60)))
    #expect(talk.connection.counters[.unknownSSRC] == 1)
    #expect(talk.connection.closure == nil)
  }

  @Test func aPeerHeardFromStaysAndASilentOneIsGoneAfter30Seconds() throws {
    let talk = try Conversation()
    try talk.connect()
    try talk.advance(.seconds(20))
    try talk.check()
    try talk.advance(.seconds(20))
    #expect(talk.events == [.connected])
    let report = try talk.peer.protectRTCP([.receiverReport(.init(ssrc: 1))])
    try talk.deliver(report)
    try talk.advance(.milliseconds(29_999))
    #expect(talk.events == [.connected])
    // A check with a wrong password is no sign of life.
    try talk.deliver(talk.peer.check(plan: try talk.plan, password: "wrong password of no use"))
    try talk.advance(.milliseconds(1))
    #expect(talk.events == [.connected, .closed(.consentExpired)])
    #expect(talk.connection.deadline == nil)
  }

  @Test func aPeerThatNeverComesIsGoneAfter30Seconds() throws {
    let talk = try Conversation()
    try talk.advance(.seconds(30))
    #expect(talk.events == [.closed(.consentExpired)])
  }

  @Test func aHandshakeThatNeverEndsIsGivenUp() throws {
    let talk = try Conversation()
    for _ in 0..<4 {
      try talk.check()
      try talk.advance(.seconds(10))
    }
    #expect(talk.events == [.closed(.handshakeTimedOut)])
  }

  @Test func aPeerThatSaysGoodbyeIsGoneAtOnce() throws {
    let talk = try Conversation()
    try talk.connect()
    talk.peer.closeDTLS()
    try talk.exchange()
    #expect(talk.events == [.connected, .closed(.dtlsAlert("close notify"))])
  }

  @Test func closingSaysByeForEveryStreamAndCloseNotify() throws {
    let talk = try Conversation()
    try talk.connect()
    try talk.send(try Conversation.sound(0), section: 0)
    try talk.send(try Conversation.picture(0), section: 1)
    talk.connection.close(at: talk.now, into: talk.arena)
    try talk.exchange()
    let gone = talk.peer.reports.flatMap { packet -> [UInt32] in
      if case .goodbye(let goodbye) = packet { goodbye.sources } else { [] }
    }
    #expect(gone == (try talk.plan).sections.compactMap { $0.stream?.ssrc })
    #expect(talk.peer.isClosed)
    #expect(talk.events == [.connected])
    #expect(talk.connection.closure == .local)
  }

  @Test func aTrackThatLeavesSaysByeAndTheOtherGoesOn() throws {
    let talk = try Conversation()
    try talk.connect()
    try talk.send(try Conversation.sound(0), section: 0)
    try talk.send(try Conversation.picture(0), section: 1)
    let before = try talk.plan
    _ = try talk.negotiation.answer(offer: talk.peer.offer(), sending: ["0": try #require(Conversation.tracks["0"])])
    talk.connection.update(plan: try talk.plan, at: talk.now, into: talk.arena)
    try talk.exchange()
    let gone = talk.peer.reports.flatMap { packet -> [UInt32] in
      if case .goodbye(let goodbye) = packet { goodbye.sources } else { [] }
    }
    #expect(gone == [try #require(before.sections[1].stream).ssrc])
    talk.peer.packets = []
    try talk.send(try Conversation.sound(960), section: 0)
    #expect(
      talk.peer.packets.map(\.header.sequenceNumber) == [
        try #require(before.sections[0].stream).firstSequenceNumber + 1
      ])
    #expect(!talk.connection.send(try Conversation.picture(3000), section: 1, at: talk.now, into: talk.arena))
  }

  @Test func mediaFollowsALaterNominatedAddress() throws {
    let talk = try Conversation()
    try talk.connect()
    let moved = try SocketAddress(ipAddress: "2001:db8::7", port: 50_000)
    try talk.deliver(talk.peer.check(plan: try talk.plan, nominate: false), from: moved)
    #expect(talk.connection.remoteAddress == talk.peer.address)
    try talk.deliver(talk.peer.check(plan: try talk.plan), from: moved)
    talk.sent = []
    try talk.send(try Conversation.sound(0), section: 0)
    #expect(talk.sent.allSatisfy { $0.0 == moved })
    #expect(!talk.sent.isEmpty)
  }

  @Test func datagramsOfAnyContentDoNoHarm() throws {
    let talk = try Conversation()
    try talk.connect()
    var random = SeededRandom(11)
    let samples = [
      talk.peer.check(plan: try talk.plan), try talk.peer.protectRTCP([.receiverReport(.init(ssrc: 1))]),
      ByteBuffer(bytes: [22, 254, 253, 0, 1, 0, 0, 0, 0, 0, 9, 0, 4, 1, 2, 3, 4]),
    ]
    for round in 0..<10_000 {
      let bytes = random.mutated(Array(samples[round % samples.count].readableBytesView))
      var datagram = ByteBuffer(bytes: bytes)
      talk.connection.receive(&datagram, from: talk.peer.address, at: talk.now, into: talk.arena)
      talk.arena.removeAll()
    }
    #expect(talk.connection.closure == nil)
    talk.peer.packets = []
    try talk.send(try Conversation.sound(0), section: 0)
    #expect(talk.peer.packets.count == 1)
  }
}
