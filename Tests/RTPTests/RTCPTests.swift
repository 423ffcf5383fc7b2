import NIOCore
import Testing

@testable import RTP
import Seeded

private func encoded(_ packet: RTCPPacket) throws(RTPError) -> [UInt8] {
  var buffer = ByteBuffer()
  try packet.write(into: &buffer)
  return buffer.bytes
}

private func decoded(_ text: String) throws(RTPError) -> [RTCPPacket] {
  try CompoundReader.readAll(.shifted(hex(text)))
}

private let block = ReportBlock(
  ssrc: 0x0102_0304, fractionLost: 0x40, cumulativeLost: -2, highestSequenceNumber: 0x0001_FFFE, jitter: 17,
  lastSenderReport: 0xB705_2000, delaySinceLastSenderReport: 0x0005_4000)

/// One of each, with the bytes that its section prescribes.
private let vectors: [(RTCPPacket, String)] = [
  (
    .senderReport(
      SenderReport(
        ssrc: 0xAABB_CCDD, ntpTime: NTPTime(rawValue: 0xB44D_B705_2000_0000), rtpTimestamp: 0x1122_3344,
        packetCount: 5, octetCount: 600, reports: [block])),
    """
    81C8000C AABBCCDD B44DB705 20000000 11223344 00000005 00000258
    01020304 40FFFFFE 0001FFFE 00000011 B7052000 00054000
    """
  ),
  (.receiverReport(ReceiverReport(ssrc: 1)), "80C90001 00000001"),
  (
    .receiverReport(ReceiverReport(ssrc: 1, reports: [block])),
    "81C90007 00000001 01020304 40FFFFFE 0001FFFE 00000011 B7052000 00054000"
  ),
  (.sourceDescription(SourceDescription(ssrc: 2, cname: "abc")), "81CA0003 00000002 01036162 63000000"),
  (.sourceDescription(SourceDescription(ssrc: 2, cname: "ab")), "81CA0003 00000002 01026162 00000000"),
  (.sourceDescription(SourceDescription(ssrc: 2, cname: "a")), "81CA0002 00000002 01016100"),
  (
    .sourceDescription(
      SourceDescription(chunks: [
        .init(ssrc: 2, items: [.init(type: 1, text: "a"), .init(type: 2, text: "")]), .init(ssrc: 3, items: []),
      ])), "82CA0005 00000002 01016102 00000000 00000003 00000000"
  ),
  (.goodbye(Goodbye(sources: [])), "80CB0000"),
  (.goodbye(Goodbye(sources: [1, 2])), "82CB0002 00000001 00000002"),
  (.goodbye(Goodbye(sources: [1], reason: "bye!")), "81CB0003 00000001 04627965 21000000"),
  (
    .genericNACK(GenericNACK(senderSSRC: 1, mediaSSRC: 2, missing: [65_535, 0, 15, 16, 40])),
    "81CD0005 00000001 00000002 FFFF8001 00100000 00280000"
  ),
  (.pictureLossIndication(PictureLossIndication(senderSSRC: 1, mediaSSRC: 2)), "81CE0002 00000001 00000002"),
  (
    .fullIntraRequest(FullIntraRequest(senderSSRC: 1, entries: [.init(ssrc: 2, sequenceNumber: 7)])),
    "84CE0004 00000001 00000000 00000002 07000000"
  ),
  (
    .transportFeedback(
      TransportFeedback(
        senderSSRC: 1, mediaSSRC: 2, firstNumber: 65_535, feedbackCount: 3,
        arrivals: [640_000, nil, 640_250, 704_000, 703_000, nil, nil, 703_500])),
    "8FCD0007 00000001 00000002 FFFF0008 00000A03 D160D000 0001FFFF FC020000"
  ),
  (
    .receiverEstimatedMaximumBitrate(
      ReceiverEstimatedMaximumBitrate(senderSSRC: 1, bitRate: 0x3FFFF << 4, sources: [3, 4])),
    "8FCE0006 00000001 00000000 52454D42 0213FFFF 00000003 00000004"
  ),
]

@Suite struct RTCPPacketTests {
  @Test(arguments: vectors) func eachPacketHasItsBytesBothWays(packet: RTCPPacket, text: String) throws {
    #expect(try encoded(packet) == hex(text))
    #expect(packet.size == hex(text).count)
    #expect(try decoded(text) == [packet])
  }

  @Test(arguments: vectors) func everyTruncationIsAnError(packet: RTCPPacket, text: String) {
    let bytes = hex(text)
    for length in 1..<bytes.count {
      #expect(throws: RTPError.self) { try CompoundReader.readAll(ByteBuffer(Array(bytes[..<length]))) }
    }
  }

  /// The header says a length that fits the datagram, but what it should hold does not fit into it.
  @Test(arguments: vectors) func aPacketShorterThanItsContentsIsAnErrorOrOfAnotherKind(
    packet: RTCPPacket, text: String
  ) throws {
    let bytes = hex(text)
    for words in 0..<(bytes.count / 4 - 1) {
      var short = Array(bytes[..<(4 + words * 4)])
      short[3] = UInt8(words)
      let read = try? CompoundReader.readAll(ByteBuffer(short))
      #expect(read != [packet])
    }
  }

  @Test func lossBeyondTwentyFourBitsIsClamped() throws {
    for (lost, clamped) in [(Int32.max, Int32(0x7F_FFFF)), (.min, -0x80_0000), (0x7F_FFFF, 0x7F_FFFF)] {
      var extreme = block
      extreme.cumulativeLost = lost
      let bytes = try encoded(.receiverReport(ReceiverReport(ssrc: 1, reports: [extreme])))
      guard case .receiverReport(let report)? = try CompoundReader.readAll(ByteBuffer(bytes)).first else {
        Issue.record("no receiver report")
        return
      }
      #expect(report.reports.first?.cumulativeLost == clamped)
    }
  }

  @Test func thirtyOneEntriesFitAndThirtyTwoDoNot() throws {
    let full = RTCPPacket.receiverReport(ReceiverReport(ssrc: 1, reports: Array(repeating: block, count: 31)))
    #expect(try CompoundReader.readAll(ByteBuffer(encoded(full))) == [full])
    #expect(throws: RTPError.tooManyEntries(type: 201, count: 32)) {
      try encoded(.receiverReport(ReceiverReport(ssrc: 1, reports: Array(repeating: block, count: 32))))
    }
    #expect(throws: RTPError.tooManyEntries(type: 203, count: 32)) {
      try encoded(.goodbye(Goodbye(sources: Array(repeating: 1, count: 32))))
    }
  }

  @Test func textsOfTwoHundredAndFiftyFiveBytesFit() throws {
    let long = String(repeating: "x", count: 255)
    for packet: RTCPPacket in [
      .sourceDescription(SourceDescription(ssrc: 1, cname: long)), .goodbye(Goodbye(sources: [1], reason: long)),
    ] {
      #expect(try CompoundReader.readAll(ByteBuffer(encoded(packet))) == [packet])
    }
    for packet: RTCPPacket in [
      .sourceDescription(SourceDescription(ssrc: 1, cname: long + "x")),
      .goodbye(Goodbye(sources: [1], reason: long + "x")),
    ] {
      #expect(throws: RTPError.textTooLong(length: 256)) { try encoded(packet) }
    }
  }

  @Test func whatIsNotKnownIsReadAsUnknownAndWritesNothing() throws {
    // An application packet, a transport feedback of an old draft, application-layer feedback that is no estimate.
    let packets = try decoded("80CC0001 00000001 8ECD0002 00000001 00000002 8FCE0003 00000001 00000000 41424344")
    #expect(
      packets == [
        .unknown(type: 204, countOrFormat: 0), .unknown(type: 205, countOrFormat: 14),
        .unknown(type: 206, countOrFormat: 15),
      ])
    for packet in packets { #expect(try encoded(packet).isEmpty) }
  }

  @Test func extensionsOfAProfileBehindTheBlocksArePassedOver() throws {
    #expect(try decoded("80C90002 00000001 FFFFFFFF") == [.receiverReport(ReceiverReport(ssrc: 1))])
  }

  @Test func feedbackWithoutEntriesIsAnError() {
    #expect(throws: RTPError.malformedReport(type: 205, format: 1)) { try decoded("81CD0002 00000001 00000002") }
    #expect(throws: RTPError.malformedReport(type: 206, format: 4)) { try decoded("84CE0002 00000001 00000000") }
  }

  @Test func textThatIsNotUTF8DoesNotEndTheCompound() throws {
    guard case .goodbye(let goodbye)? = try decoded("81CB0002 00000001 02FFFE00").first else {
      Issue.record("no goodbye")
      return
    }
    #expect(goodbye.reason?.isEmpty == false)
  }
}

@Suite struct GenericNACKTests {
  private func missing(_ request: GenericNACK) -> [UInt16] {
    var numbers: [UInt16] = []
    request.forEachMissing { numbers.append($0) }
    return numbers
  }

  @Test func oneEntryHoldsSeventeenNumbers() {
    let request = GenericNACK(senderSSRC: 1, mediaSSRC: 2, missing: UInt16(100)...116)
    #expect(request.entries == [.init(packetID: 100, followingLost: 0xFFFF)])
    #expect(missing(request) == Array(100...116))
    #expect(GenericNACK(senderSSRC: 1, mediaSSRC: 2, missing: UInt16(100)...117).entries.count == 2)
  }

  @Test func repeatedNumbersAreAskedForOnce() {
    #expect(missing(GenericNACK(senderSSRC: 1, mediaSSRC: 2, missing: [5, 5, 7, 7])) == [5, 7])
  }

  @Test func anyNumbersComeBackInOrder() {
    var generator = SeededGenerator(seed: 6)
    for _ in 0..<500 {
      var next = UInt16.random(in: 0 ... .max, using: &generator)
      let numbers = (0..<Int.random(in: 1...60, using: &generator)).map { _ in
        next &+= UInt16.random(in: 1...30, using: &generator)
        return next
      }
      #expect(missing(GenericNACK(senderSSRC: 1, mediaSSRC: 2, missing: numbers)) == numbers)
    }
  }
}

@Suite struct ReportBlockTests {
  // The worked example of RFC 3550, figure 2: received at 0xb710:8000, sent at 0xb705:2000, kept for 5.25 s; 6.125 s.
  @Test func theRoundTripIsThatOfTheStandardsExample() {
    #expect(block.roundTrip(at: NTPTime(rawValue: 0xB44D_B710_8000_0000)) == .milliseconds(6125))
  }

  @Test func aRoundTripIsUnknownWithoutAReportAndNeverNegative() {
    var early = block
    #expect(early.roundTrip(at: NTPTime(rawValue: 0xB44D_B706_0000_0000)) == nil)
    early.lastSenderReport = 0
    #expect(early.roundTrip(at: NTPTime(rawValue: 0xB44D_B710_8000_0000)) == nil)
  }

  @Test func theRoundTripSurvivesTheWrapOfTheMiddle() {
    var wrapped = block
    wrapped.lastSenderReport = 0xFFFF_F000
    wrapped.delaySinceLastSenderReport = 0x800
    #expect(
      wrapped.roundTrip(at: NTPTime(rawValue: 0x0000_0000_1000_0000)) == .nanoseconds(0x1800 * 1_000_000_000 / 65_536))
  }
}

@Suite struct ReceiverEstimatedMaximumBitrateTests {
  @Test(arguments: [UInt64(0), 1, 0x3FFFF, 0x40000, 1_000_000, 2_500_000, 1 << 40, .max])
  func theBitRateKeepsEighteenBits(bitRate: UInt64) throws {
    let estimate = ReceiverEstimatedMaximumBitrate(senderSSRC: 1, bitRate: bitRate, sources: [2])
    let bytes = try encoded(.receiverEstimatedMaximumBitrate(estimate))
    guard case .receiverEstimatedMaximumBitrate(let read)? = try CompoundReader.readAll(ByteBuffer(bytes)).first
    else {
      Issue.record("no estimate")
      return
    }
    #expect(read.bitRate <= bitRate)
    #expect(bitRate - read.bitRate <= bitRate >> 17)
  }

  @Test func anEstimateBeyondSixtyFourBitsIsNoLimit() throws {
    guard
      case .receiverEstimatedMaximumBitrate(let read)? = try decoded(
        "8FCE0005 00000001 00000000 52454D42 01FFFFFF 00000003"
      ).first
    else {
      Issue.record("no estimate")
      return
    }
    #expect(read.bitRate == 0x3FFFF << 46)
  }

  @Test func moreSourcesThanThereAreIsAnError() {
    #expect(throws: RTPError.self) { try decoded("8FCE0005 00000001 00000000 52454D42 0213FFFF 00000003") }
  }
}

@Suite struct CompoundTests {
  private let report = RTCPPacket.receiverReport(ReceiverReport(ssrc: 1))
  private let name = RTCPPacket.sourceDescription(SourceDescription(ssrc: 1, cname: "x"))

  @Test func aCompoundReadsBackInOrder() throws {
    var writer = CompoundWriter()
    let packets = [report, name] + vectors.map(\.0)
    for packet in packets { try writer.append(packet) }
    #expect(try CompoundReader.readAll(writer.finish()) == packets)
  }

  @Test func aCompoundNeedsAReportInFrontAndAName() throws {
    for packets in [[], [report], [name], [name, report]] {
      #expect(throws: RTPError.incompleteCompound) {
        var writer = CompoundWriter()
        for packet in packets { try writer.append(packet) }
        _ = try writer.finish()
      }
    }
    var writer = CompoundWriter()
    try writer.append(.pictureLossIndication(PictureLossIndication(senderSSRC: 1, mediaSSRC: 2)))
    #expect(writer.finishReducedSize().readableBytes == 12)
  }

  @Test func aPacketThatIsRefusedLeavesTheCompoundAsItWas() throws {
    var writer = CompoundWriter(reusing: ByteBuffer(bytes: [1, 2, 3]))
    try writer.append(report)
    #expect(throws: RTPError.textTooLong(length: 256)) {
      try writer.append(.goodbye(Goodbye(sources: [1], reason: String(repeating: "x", count: 256))))
    }
    let estimate = ReceiverEstimatedMaximumBitrate(
      senderSSRC: 1, bitRate: 1, sources: Array(repeating: 1, count: 255))
    try writer.append(.receiverEstimatedMaximumBitrate(estimate))
    #expect(throws: RTPError.compoundTooLarge(count: 8 + 1040 + 1040, limit: 1200)) {
      try writer.append(.receiverEstimatedMaximumBitrate(estimate))
    }
    try writer.append(name)
    #expect(
      try CompoundReader.readAll(writer.finish()) == [report, .receiverEstimatedMaximumBitrate(estimate), name])
  }

  @Test func onlyTheLastPacketMayBePadded() throws {
    #expect(try decoded("80C90001 00000001 A1CB0002 00000001 00000004").count == 2)
    #expect(throws: RTPError.paddingInsideCompound(type: 201)) {
      try decoded("A0C90002 00000001 00000004 81CB0001 00000001")
    }
    for padding in ["00", "03", "0C"] {
      #expect(throws: RTPError.self) { try decoded("A1CB0002 00000001 000000\(padding)") }
    }
    #expect(throws: RTPError.invalidPadding(length: 0, available: 0)) { try decoded("A0CB0000") }
  }

  @Test func afterAnErrorTheCompoundHasEnded() throws {
    var reader = try CompoundReader(ByteBuffer(hex("80C90001 00000001 40C90001 00000001 80C90001 00000001")))
    #expect(try reader.next() == report)
    #expect(throws: RTPError.unknownVersion(1)) { _ = try reader.next() }
    #expect(try reader.next() == nil)
  }

  @Test func theNumberOfPacketsIsLimited() throws {
    let goodbye = hex("80CB0000")
    let full = Array(repeatElement(goodbye, count: CompoundReader.maximumPackets).joined())
    #expect(try CompoundReader.readAll(ByteBuffer(full)).count == CompoundReader.maximumPackets)
    #expect(throws: RTPError.compoundTooLarge(count: 65, limit: 64)) {
      try CompoundReader.readAll(ByteBuffer(full + goodbye))
    }
  }

  @Test func theSizeIsLimited() throws {
    let size = CompoundReader.maximumSize
    let whole = hex("80CC") + [UInt8((size / 4 - 1) >> 8), UInt8((size / 4 - 1) & 0xFF)]
    let full = whole + [UInt8](repeating: 0, count: size - 4)
    #expect(try CompoundReader.readAll(ByteBuffer(full)).count == 1)
    #expect(throws: RTPError.compoundTooLarge(count: size + 1, limit: size)) {
      try CompoundReader.readAll(ByteBuffer(full + [0]))
    }
  }

  @Test func tenThousandMutationsDoNotCrash() throws {
    var generator = SeededGenerator(seed: 7)
    var read = 0
    for round in 0..<10_000 {
      let first = hex(vectors[round % vectors.count].1)
      let second = hex(vectors[Int.random(in: 0..<vectors.count, using: &generator)].1)
      let bytes = generator.mutate(first + second)
      guard let packets = try? CompoundReader.readAll(.shifted(bytes)) else { continue }
      read += 1
      // What was read can be written, unless it is text whose repair made it longer; and reads back the same.
      for packet in packets {
        guard let again = try? encoded(packet), !again.isEmpty else { continue }
        #expect(try CompoundReader.readAll(ByteBuffer(again)) == [packet])
      }
    }
    #expect(read > 100 && read < 10_000)
  }
}
