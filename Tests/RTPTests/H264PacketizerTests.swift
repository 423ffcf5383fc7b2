import NIOCore
import Testing

@testable import RTP
import Seeded

private typealias Stream = H264Stream

@Suite struct H264PacketizerTests {
  private func packetizer(_ maximumPayload: Int = 1160, parameterSets: Bool = true) throws -> H264Packetizer {
    var packetizer = H264Packetizer(framing: .fourByteLengths, maximumPayload: maximumPayload)
    if parameterSets {
      try packetizer.setParameterSets(sequence: [ByteBuffer(Stream.sps)], picture: [ByteBuffer(Stream.pps)])
    }
    return packetizer
  }

  private func payloads(_ units: [[UInt8]], _ packetizer: inout H264Packetizer) throws -> [[UInt8]]? {
    try packetizer.packetize(.shifted(Stream.lengthPrefixed(units)), mediaTime: 0)?.payloads
  }

  @Test func aUnitOfTheMaximumIsSingleAndOneByteMoreIsFragmented() throws {
    var packetizer = try packetizer(20)
    let whole = Stream.slice(20)
    #expect(try payloads([whole], &packetizer) == [whole])
    let larger = Stream.slice(21)
    #expect(
      try payloads([larger], &packetizer) == [
        [0x5C, 0x81] + larger[1...10], [0x5C, 0x41] + larger[11...20],
      ])
  }

  @Test func fragmentsAreEqualExceptTheLast() throws {
    var packetizer = try packetizer(20)
    let slice = Stream.slice(40, idr: false)
    #expect(
      try payloads([slice], &packetizer) == [
        [0x5C, 0x81] + slice[1...13], [0x5C, 0x01] + slice[14...26], [0x5C, 0x41] + slice[27...39],
      ])
  }

  @Test func parameterSetsGoBeforeEachIDRPictureTogether() throws {
    var packetizer = try packetizer()
    let idr = Stream.slice(10, idr: true)
    let expected = [hex("78 0005 6742C01FD9 0004 68CE3C80"), idr]
    #expect(try payloads([idr], &packetizer) == expected)
    #expect(try payloads([Stream.slice(10)], &packetizer) == [Stream.slice(10)])
    #expect(try payloads([idr], &packetizer) == expected)
  }

  @Test func parameterSetsThatDoNotFitTogetherGoAlone() throws {
    let long = Stream.sps + [UInt8](repeating: 0xAA, count: 8)
    var packetizer = H264Packetizer(framing: .fourByteLengths, maximumPayload: 22)
    try packetizer.setParameterSets(sequence: [ByteBuffer(long)], picture: [ByteBuffer(Stream.pps)])
    // 1 + 2 + 13 + 2 + 4 bytes together.
    #expect(try payloads([[0x65, 0x88]], &packetizer)?.count == 2)
    var smaller = H264Packetizer(framing: .fourByteLengths, maximumPayload: 21)
    try smaller.setParameterSets(sequence: [ByteBuffer(long)], picture: [ByteBuffer(Stream.pps)])
    #expect(try payloads([[0x65, 0x88]], &smaller) == [long, Stream.pps, [0x65, 0x88]])
  }

  @Test func parameterSetsOfTheStreamReplaceThoseOfTheConfigurationAndAreNotDoubled() throws {
    var packetizer = try packetizer()
    let newer = Stream.sps + [1]
    let idr = Stream.slice(10, idr: true)
    let expected = [hex("78 0006 6742C01FD901 0004 68CE3C80"), idr]
    #expect(try payloads([newer, Stream.pps, idr], &packetizer) == expected)
    #expect(try payloads([idr], &packetizer) == expected)
  }

  @Test func parameterSetsOfSeveralIdentifiersAreKept() throws {
    var packetizer = try packetizer()
    let payloads = try payloads([Stream.otherSPS, Stream.slice(10, idr: true)], &packetizer)
    #expect(payloads?.first == hex("78 0005 6742C01FD9 0005 6742C01F59 0004 68CE3C80"))
  }

  @Test func parameterSetsAloneAreKeptAndSendNothing() throws {
    var packetizer = try packetizer(parameterSets: false)
    #expect(try payloads([Stream.sps, Stream.pps], &packetizer) == nil)
    #expect(try payloads([Stream.slice(10, idr: true)], &packetizer)?.count == 2)
  }

  @Test func aPictureIsAKeyFrameWhenItHasAnIDRSliceAndItsParameterSets() throws {
    func isKeyFrame(_ slice: [UInt8], _ packetizer: inout H264Packetizer) throws -> Bool? {
      try packetizer.packetize(ByteBuffer(Stream.lengthPrefixed([slice])), mediaTime: 0)?.isKeyFrame
    }
    var complete = try packetizer()
    #expect(try isKeyFrame(Stream.slice(9, idr: true), &complete) == true)
    #expect(try isKeyFrame(Stream.slice(9), &complete) == false)
    var incomplete = try packetizer(parameterSets: false)
    #expect(try isKeyFrame(Stream.slice(9, idr: true), &incomplete) == false)
  }

  @Test func delimitersAndFillerAreDroppedAndSupplementalInformationIsKept() throws {
    var packetizer = try packetizer()
    let slice = Stream.slice(10)
    let units = [
      [0x09, 0xF0], Stream.sei, slice, [0x0C, 0xFF, 0x80], [0x0A], [0x0B], [0x00, 1], [0x18, 1], [0x1F, 1],
    ]
    #expect(try payloads(units, &packetizer) == [Stream.sei, slice])
  }

  @Test func onlyTheLastPacketCarriesTheMarker() throws {
    var packetizer = try packetizer(30)
    let units = [Stream.slice(50, idr: true), Stream.slice(70, idr: true), [0x0C, 0xFF]]
    let frame = try packetizer.packetize(ByteBuffer(Stream.lengthPrefixed(units)), mediaTime: 90)
    #expect(frame?.count == 1 + 2 + 3)
    #expect((0..<6).map { frame?.marker($0) } == [false, false, false, false, false, true])
    #expect(frame?.mediaTime == 90)
  }

  @Test(arguments: [
    (NALUnitFraming.oneByteLengths, 1), (.twoByteLengths, 2), (.fourByteLengths, 4), (.annexB, 0),
  ])
  func everyFramingGivesTheSamePackets(framing: NALUnitFraming, lengthSize: Int) throws {
    var packetizer = H264Packetizer(framing: framing, maximumPayload: 50)
    let units = [[0x09, 0xF0], Stream.sps, Stream.pps, Stream.sei, Stream.slice(120, idr: true)]
    let input = lengthSize == 0 ? Stream.annexB(units) : Stream.lengthPrefixed(units, size: lengthSize)
    let frame = try packetizer.packetize(.shifted(input), mediaTime: 0)
    #expect(frame?.count == 1 + 1 + 3)
    #expect(frame?.payload(1).bytes == Stream.sei)
    #expect(NALUnitFraming(nalLengthSize: lengthSize) == (lengthSize == 0 ? nil : framing))
  }

  @Test func zerosAroundStartCodesBelongToNoUnit() throws {
    var packetizer = H264Packetizer(framing: .annexB)
    let input = hex("00 00 00 00 01 41 88 11 00 00 00 00 00 01 41 00 01 22 00 00 01 00 00 01 41 00 00 03 01 00 00")
    let frame = try packetizer.packetize(ByteBuffer(input), mediaTime: 0)
    #expect(frame?.payloads == [hex("418811"), hex("41000122"), hex("4100000301")])
  }

  @Test func bytesWithoutAStartCodeAreNoAccessUnit() {
    var packetizer = H264Packetizer(framing: .annexB)
    for text in ["41", "0000", "000002", "41000003"] {
      #expect(throws: RTPError.invalidNALUnitLength(length: 0, available: hex(text).count)) {
        try packetizer.packetize(ByteBuffer(hex(text)), mediaTime: 0)
      }
    }
  }

  @Test func aLengthBeyondTheAccessUnitIsAnError() throws {
    var packetizer = try packetizer()
    #expect(throws: RTPError.invalidNALUnitLength(length: 3, available: 2)) {
      try packetizer.packetize(ByteBuffer(hex("00000003 4188")), mediaTime: 0)
    }
    #expect(throws: RTPError.invalidNALUnitLength(length: 0xFFFF_FFFF, available: 2)) {
      try packetizer.packetize(ByteBuffer(hex("FFFFFFFF 4188")), mediaTime: 0)
    }
    #expect(throws: RTPError.invalidNALUnitLength(length: 0, available: 3)) {
      try packetizer.packetize(ByteBuffer(hex("00000002 4188 000000")), mediaTime: 0)
    }
    #expect(throws: RTPError.emptyFrame) { try packetizer.packetize(ByteBuffer(), mediaTime: 0) }
    #expect(try packetizer.packetize(ByteBuffer(hex("00000000 00000002 4188")), mediaTime: 0)?.count == 1)
  }

  @Test func theForbiddenBitIsAnError() throws {
    var packetizer = try packetizer()
    #expect(throws: RTPError.forbiddenBitSet(header: 0xC1)) { try payloads([[0xC1, 0x88]], &packetizer) }
  }

  @Test func sizeAndPacketsAreLimited() throws {
    var packetizer = try packetizer()
    #expect(throws: RTPError.frameTooLarge(size: FrameSize.maximum + 1, limit: FrameSize.maximum)) {
      try packetizer.packetize(ByteBuffer(repeating: 1, count: FrameSize.maximum + 1), mediaTime: 0)
    }
    let largest = Stream.slice(FrameSize.maximum - 4)
    #expect(try payloads([largest], &packetizer)?.count == (largest.count - 1 + 1157) / 1158)
    let limit = PacketizedFrame.maximumPackets
    let units = Array(repeating: [UInt8(0x41)], count: limit)
    #expect(try payloads(units, &packetizer)?.count == limit)
    #expect(throws: RTPError.tooManyPackets(count: limit + 1, limit: limit)) {
      try payloads(units + [[0x41]], &packetizer)
    }
    let idr = Array(repeating: [UInt8(0x65)], count: limit)
    #expect(throws: RTPError.tooManyPackets(count: limit + 1, limit: limit)) { try payloads(idr, &packetizer) }
  }

  @Test func aParameterSetNeedsAValidIdentifierAndASmallSize() throws {
    var packetizer = try packetizer()
    func set(_ sps: [UInt8], _ pps: [UInt8]) throws(RTPError) {
      try packetizer.setParameterSets(sequence: [ByteBuffer(sps)], picture: [ByteBuffer(pps)])
    }
    let largest = Stream.sps + [UInt8](repeating: 1, count: 1024 - Stream.sps.count)
    try set(largest, Stream.pps)
    #expect(throws: RTPError.invalidParameterSet(type: 7, size: 1025)) { try set(largest + [1], Stream.pps) }
    // Identifier 31 is 00000100000, 32 is 00000100001; 255 is 0 0000 0001 0000 0000, 256 ends in 1.
    try set(hex("67 42C01F 0400"), hex("68 008000"))
    #expect(throws: RTPError.invalidParameterSet(type: 7, size: 6)) { try set(hex("67 42C01F 0420"), Stream.pps) }
    #expect(throws: RTPError.invalidParameterSet(type: 8, size: 4)) { try set(Stream.sps, hex("68 008080")) }
    #expect(throws: RTPError.invalidParameterSet(type: 7, size: 4)) { try set(hex("67 42C01F"), Stream.pps) }
    #expect(throws: RTPError.invalidParameterSet(type: 7, size: 5)) { try set(hex("67 42C01F 00"), Stream.pps) }
    #expect(throws: RTPError.invalidParameterSet(type: 0, size: 0)) { try set([], Stream.pps) }
    #expect(throws: RTPError.invalidParameterSet(type: 1, size: 2)) { try set([0x41, 0x88], Stream.pps) }
  }

  @Test func refusedParameterSetsLeaveThoseBeforeInForce() throws {
    var packetizer = try packetizer()
    #expect(throws: RTPError.self) {
      try packetizer.setParameterSets(sequence: [ByteBuffer(Stream.otherSPS)], picture: [ByteBuffer([1])])
    }
    #expect(
      try payloads([Stream.slice(9, idr: true)], &packetizer)?.first == hex("78 0005 6742C01FD9 0004 68CE3C80"))
  }

  @Test(arguments: [NALUnitFraming.annexB, .oneByteLengths, .twoByteLengths, .fourByteLengths])
  func tenThousandMutationsDoNotCrash(framing: NALUnitFraming) throws {
    var generator = SeededGenerator(seed: 11)
    let units = [[0x09, 0xF0], Stream.sps, Stream.pps, Stream.sei, Stream.slice(90, idr: true)]
    let size = [NALUnitFraming.oneByteLengths: 1, .twoByteLengths: 2, .fourByteLengths: 4][framing]
    let input = size.map { Stream.lengthPrefixed(units, size: $0) } ?? Stream.annexB(units)
    var packetizer = H264Packetizer(framing: framing, maximumPayload: 32)
    var sent = 0
    for _ in 0..<10_000 {
      guard let frame = try? packetizer.packetize(.shifted(generator.mutate(input)), mediaTime: 0) else { continue }
      sent += 1
      #expect((0..<frame.count).allSatisfy { (1...32).contains(frame.payloadSize($0)) })
      #expect(frame.marker(frame.count - 1))
    }
    #expect(sent > 100 && sent < 10_000)
  }
}
