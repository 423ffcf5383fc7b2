import NIOCore
import Testing

@testable import RTP
import Seeded

private typealias Stream = H264Stream

@Suite struct H264DepacketizerTests {
  private func receive(_ packets: [RTPPacket]) throws -> [DepacketizedFrame] {
    var depacketizer = H264Depacketizer()
    return try packets.compactMap { packet in try depacketizer.receive(packet) }
  }

  @Test func accessUnitsOfAnySizeComeBackAsTheyWentIn() throws {
    var generator = SeededGenerator(seed: 12)
    for maximum in [16, 100, 1160] {
      var packetizer = H264Packetizer(framing: .fourByteLengths, maximumPayload: maximum)
      var depacketizer = H264Depacketizer()
      var number = UInt16(65_500)
      let piece = maximum - 2
      let sizes =
        [2, maximum - 1, maximum, maximum + 1, 2 * piece, 2 * piece + 1, 2 * piece + 2, 5 * piece, 5 * piece + 1]
        + (0..<40).map { _ in Int.random(in: 2...(10 * maximum), using: &generator) }
      for (time, size) in sizes.enumerated() {
        let isKeyFrame = time % 5 == 0
        let slices = [Stream.slice(size, idr: isKeyFrame, seed: generator.next()), Stream.slice(7, idr: isKeyFrame)]
        let units = (isKeyFrame ? [Stream.sps, Stream.pps] : []) + [Stream.sei] + slices
        let input = Stream.lengthPrefixed(units)
        guard let frame = try packetizer.packetize(.shifted(input), mediaTime: 0) else {
          Issue.record("no frame")
          return
        }
        #expect(frame.payloads.allSatisfy { $0.count <= maximum })
        let joined = try frame.packets(from: number, timestamp: UInt32(time)).compactMap { packet in
          try depacketizer.receive(packet)
        }
        #expect(joined.map(\.data.bytes) == [input])
        #expect(joined.first?.isKeyFrame == isKeyFrame)
        number &+= UInt16(frame.count)
      }
    }
  }

  /// Three access units of four packets; every one of the packets missing in turn.
  @Test(arguments: 0..<12) func aMissingPacketCostsItsAccessUnitOnly(missing: Int) throws {
    var packetizer = H264Packetizer(framing: .fourByteLengths, maximumPayload: 20)
    var packets: [RTPPacket] = []
    for index in 0..<3 {
      let frame = try packetizer.packetize(ByteBuffer(Stream.lengthPrefixed([Stream.slice(60)])), mediaTime: 0)
      packets += frame?.packets(from: UInt16(packets.count), timestamp: UInt32(index)) ?? []
    }
    #expect(packets.count == 12)
    packets.remove(at: missing)
    let frames = try receive(packets)
    #expect(frames.map(\.timestamp) == (0..<3).filter { $0 != missing / 4 }.map(UInt32.init))
    let isSeen = missing > 0 && missing / 4 < 2
    #expect(frames.map(\.packetsLostBefore).reduce(0, +) == (isSeen ? 1 : 0))
  }

  @Test func behindAGapASliceInTheMiddleOfAPictureIsNoBeginning() throws {
    let frames = try receive([
      RTPPacket(1, time: 1, marker: true, hex("41 40 01")),
      RTPPacket(2, time: 2, marker: true, hex("41 40 02")),
      RTPPacket(4, time: 3, hex("41 40 03")), RTPPacket(5, time: 3, marker: true, hex("41 88 04")),
    ])
    // The first cannot be known to be whole; the second follows a marker; of the last, the front may be missing, but
    // its second packet begins a picture by itself.
    #expect(frames.map(\.timestamp) == [2, 3])
    #expect(frames.last?.data.bytes == hex("00000003 418804"))
  }

  @Test(arguments: ["06 05", "67 42", "09 F0", "78 0002 6742 0002 6888", "41 88", "65 88", "7C 85 88", "7C 87 42"])
  func whatStandsInFrontOfAPictureBeginsIt(text: String) throws {
    var depacketizer = H264Depacketizer()
    let isFragment = text.hasPrefix("7C")
    var frame = try depacketizer.receive(RTPPacket(9, marker: !isFragment, hex(text)))
    if isFragment {
      frame = try depacketizer.receive(RTPPacket(10, marker: true, [0x7C, 0x40 | hex(text)[1] & 0x1F, 1]))
    }
    #expect(frame != nil)
  }

  @Test(arguments: ["61 08", "68 88", "7C 05 88", "7C 85 08", "78", "7C"])
  func whatMayStandAnywhereDoesNotBeginAPictureBehindAGap(text: String) throws {
    #expect(try receive([RTPPacket(9, marker: true, hex(text))]).isEmpty)
  }

  @Test func aNewTimeWithoutAMarkerEndsTheAccessUnitUnfinished() throws {
    let frames = try receive([
      RTPPacket(1, time: 1, hex("41 88")), RTPPacket(2, time: 2, hex("41 88 22")),
      RTPPacket(3, time: 2, marker: true, hex("41 40")),
    ])
    #expect(frames.map(\.data.bytes) == [hex("00000003 418822 00000002 4140")])
  }

  @Test(arguments: [
    ("", RTPError.truncatedPayload(codec: .h264, size: 0)),
    ("78", .truncatedPayload(codec: .h264, size: 1)),
    ("78 0000", .truncatedPayload(codec: .h264, size: 3)),
    ("78 0003 4188", .truncatedPayload(codec: .h264, size: 5)),
    ("78 0001 41 00", .truncatedPayload(codec: .h264, size: 5)),
    ("78 0002 7C85", .unsupportedPayloadStructure(type: 28)),
    ("7C 85", .truncatedPayload(codec: .h264, size: 2)),
    ("7C C5 88", .invalidFragment(header: 0xC5)),
    ("7C 9C 88", .invalidFragment(header: 0x9C)),
    ("7C 05 88", .invalidFragment(header: 0x05)),
    ("79 00", .unsupportedPayloadStructure(type: 25)),
    ("7D 85 0000 88", .unsupportedPayloadStructure(type: 29)),
    ("60 88", .unsupportedPayloadStructure(type: 0)),
    ("7F 88", .unsupportedPayloadStructure(type: 31)),
  ])
  func aMalformedPayloadCostsItsAccessUnitOnly(text: String, error: RTPError) throws {
    var depacketizer = H264Depacketizer()
    _ = try depacketizer.receive(RTPPacket(1, time: 1, marker: true, hex("41 88")))
    #expect(throws: error) { try depacketizer.receive(RTPPacket(2, time: 2, marker: true, hex(text))) }
    #expect(try depacketizer.receive(RTPPacket(3, time: 3, marker: true, hex("41 40"))) != nil)
  }

  @Test func fragmentsHaveAnOrderAndAnEnd() throws {
    let start = hex("7C 85 88")
    for (second, error) in [
      ("7C 85 88", RTPError.invalidFragment(header: 0x85)), ("7C 41 88", .invalidFragment(header: 0x41)),
      ("41 88", .invalidFragment(header: 5)), ("7C 05 88", .invalidFragment(header: 5)),
    ] {
      var depacketizer = H264Depacketizer()
      #expect(try depacketizer.receive(RTPPacket(1, start)) == nil)
      // The last of them is a fragment in the middle, but with the marker.
      #expect(throws: error) { try depacketizer.receive(RTPPacket(2, marker: true, hex(second))) }
    }
  }

  @Test func anAccessUnitBeyondTheLimitIsRefused() throws {
    var depacketizer = H264Depacketizer(maximumFrameSize: 12)
    #expect(try depacketizer.receive(RTPPacket(1, marker: true, Stream.slice(8))) != nil)
    #expect(throws: RTPError.frameTooLarge(size: 13, limit: 12)) {
      try depacketizer.receive(RTPPacket(2, marker: true, Stream.slice(9)))
    }
    #expect(try depacketizer.receive(RTPPacket(3, hex("7C 85 01020304"))) == nil)
    #expect(throws: RTPError.frameTooLarge(size: 13, limit: 12)) {
      try depacketizer.receive(RTPPacket(4, hex("7C 05 05060708")))
    }
  }

  @Test func tenThousandMutationsDoNotCrash() throws {
    var generator = SeededGenerator(seed: 13)
    var packetizer = H264Packetizer(framing: .fourByteLengths, maximumPayload: 40)
    var depacketizer = H264Depacketizer(maximumFrameSize: 400)
    var number: UInt16 = 0
    var joined = 0
    for round in 0..<2500 {
      let units = [Stream.sps, Stream.pps, Stream.sei, Stream.slice(90, idr: true)]
      guard let frame = try packetizer.packetize(ByteBuffer(Stream.lengthPrefixed(units)), mediaTime: 0) else {
        Issue.record("no frame")
        return
      }
      for packet in frame.packets(from: number, timestamp: UInt32(round)) {
        let isDamaged = Int.random(in: 0..<3, using: &generator) == 0
        let payload = isDamaged ? generator.mutate(packet.payload.bytes) : packet.payload.bytes
        let stray = isDamaged ? UInt16.random(in: 0...2, using: &generator) : 0
        let mutated = RTPPacket(
          packet.header.sequenceNumber &+ stray, time: packet.header.timestamp, marker: packet.header.marker, payload)
        guard let whole = try? depacketizer.receive(mutated) else { continue }
        joined += 1
        // What came out is a list of NAL units with right lengths.
        var rest = whole.data
        while let length: UInt32 = rest.readInteger(), rest.readSlice(length: Int(length)) != nil {}
        #expect(rest.readableBytes == 0)
        #expect(whole.data.readableBytes <= 400)
      }
      number &+= UInt16(frame.count)
    }
    #expect(joined > 100 && joined < 2500)
  }
}
