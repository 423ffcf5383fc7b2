import NIOCore
import Testing

@testable import RTP
import Seeded

@Suite struct VP8PacketizerTests {
  @Test func eachPayloadHasTheDescriptorOfSection42() throws {
    var packetizer = VP8Packetizer(maximumPayload: 16, firstPictureID: 0x1234)
    let frame = try packetizer.packetize(.shifted([0x10] + [UInt8](1...24)), mediaTime: 3000)
    // 25 bytes in three payloads of at most 12: 9, 9 and 7.
    #expect(
      frame.payloads == [
        hex("90 80 9234") + [0x10] + Array(1...8), hex("80 80 9234") + Array(9...17),
        hex("80 80 9234") + Array(18...24),
      ])
    #expect((0..<3).map(frame.marker) == [false, false, true])
    #expect(frame.isKeyFrame)
    #expect(frame.codec == .vp8)
    #expect(frame.mediaTime == 3000)
  }

  @Test func thePictureIdentificationRunsOnAndWrapsAtFifteenBits() throws {
    var packetizer = VP8Packetizer(firstPictureID: 0xFFFE)
    let ids = try (0..<3).map { _ in
      var payload = try packetizer.packetize(ByteBuffer([1]), mediaTime: 0).payload(0)
      return try VP8PayloadDescriptor(parsing: &payload).pictureID
    }
    #expect(ids == [0x7FFE, 0x7FFF, 0])
  }

  @Test func aFrameThatIsRefusedTakesNoPictureIdentification() throws {
    var packetizer = VP8Packetizer(firstPictureID: 7)
    #expect(throws: RTPError.emptyFrame) { try packetizer.packetize(ByteBuffer(), mediaTime: 0) }
    #expect(try packetizer.packetize(ByteBuffer([1]), mediaTime: 0).payloads == [hex("90 80 8007 01")])
  }

  @Test func theFirstBitTellsAKeyFrame() throws {
    var packetizer = VP8Packetizer(firstPictureID: 0)
    #expect(try packetizer.packetize(ByteBuffer([0x50]), mediaTime: 0).isKeyFrame)
    #expect(try !packetizer.packetize(ByteBuffer([0x51]), mediaTime: 0).isKeyFrame)
  }

  @Test func theSizeOfAFrameIsLimited() throws {
    var packetizer = VP8Packetizer(firstPictureID: 0)
    let frame = try packetizer.packetize(ByteBuffer(repeating: 1, count: FrameSize.maximum), mediaTime: 0)
    #expect(frame.count == (FrameSize.maximum + 1155) / 1156)
    #expect(throws: RTPError.frameTooLarge(size: FrameSize.maximum + 1, limit: FrameSize.maximum)) {
      try packetizer.packetize(ByteBuffer(repeating: 1, count: FrameSize.maximum + 1), mediaTime: 0)
    }
  }

  @Test func theNumberOfPacketsIsLimited() throws {
    var packetizer = VP8Packetizer(maximumPayload: 16, firstPictureID: 0)
    let limit = PacketizedFrame.maximumPackets
    #expect(try packetizer.packetize(ByteBuffer(repeating: 1, count: limit * 12), mediaTime: 0).count == limit)
    #expect(throws: RTPError.tooManyPackets(count: limit + 1, limit: limit)) {
      try packetizer.packetize(ByteBuffer(repeating: 1, count: limit * 12 + 1), mediaTime: 0)
    }
  }
}

@Suite struct VP8PayloadDescriptorTests {
  @Test(arguments: [
    ("10 AA", true, UInt8(0), UInt16?.none, false), ("27 AA", false, 7, nil, true), ("80 00 AA", false, 0, nil, false),
    ("90 80 7F AA", true, 0, 0x7F, false), ("90 80 81 02 AA", true, 0, 0x102, false),
    ("90 F0 81 02 33 44 AA", true, 0, 0x102, false), ("90 60 33 44 AA", true, 0, nil, false),
    ("90 10 44 AA", true, 0, nil, false),
  ])
  func everyFormIsReadAndEveryTruncationIsAnError(
    text: String, startsPartition: Bool, partition: UInt8, pictureID: UInt16?, isNonReference: Bool
  ) throws {
    let bytes = hex(text)
    var payload = ByteBuffer.shifted(bytes)
    let descriptor = try VP8PayloadDescriptor(parsing: &payload)
    #expect(descriptor.startsPartition == startsPartition)
    #expect(descriptor.partition == partition)
    #expect(descriptor.pictureID == pictureID)
    #expect(descriptor.isNonReference == isNonReference)
    #expect(payload.bytes == [0xAA])
    for length in 0..<bytes.count {
      #expect(throws: RTPError.truncatedPayload(codec: .vp8, size: length)) {
        var short = ByteBuffer(Array(bytes[..<length]))
        _ = try VP8PayloadDescriptor(parsing: &short)
      }
    }
  }
}

@Suite struct VP8DepacketizerTests {
  private func receive(_ packets: [RTPPacket]) throws -> [DepacketizedFrame] {
    var depacketizer = VP8Depacketizer()
    return try packets.compactMap { packet in try depacketizer.receive(packet) }
  }

  @Test func framesOfAnySizeComeBackAsTheyWentIn() throws {
    var generator = SeededGenerator(seed: 9)
    for maximum in [16, 100, 1160] {
      var packetizer = VP8Packetizer(maximumPayload: maximum, using: &generator)
      var depacketizer = VP8Depacketizer()
      var number = UInt16(65_500)
      let piece = maximum - 4
      let sizes =
        [1, piece - 1, piece, piece + 1, 2 * piece - 1, 2 * piece, 2 * piece + 1, 7 * piece, 7 * piece + 1]
        + (0..<40).map { _ in Int.random(in: 1...(20 * maximum), using: &generator) }
      for (time, size) in sizes.enumerated() {
        let picture = generator.bytes(size)
        let frame = try packetizer.packetize(.shifted(picture), mediaTime: Int64(time))
        #expect(frame.count == (size + piece - 1) / piece)
        #expect(frame.payloads.allSatisfy { $0.count <= maximum })
        let sizes = Set(frame.payloads.dropLast().map(\.count))
        #expect(sizes.count <= 1)
        let joined = try frame.packets(from: number, timestamp: UInt32(time)).compactMap { packet in
          try depacketizer.receive(packet)
        }
        #expect(joined.map(\.data.bytes) == [picture])
        #expect(joined.first?.isKeyFrame == frame.isKeyFrame)
        #expect(joined.first?.timestamp == UInt32(time))
        #expect(joined.first?.packetsLostBefore == 0)
        number &+= UInt16(frame.count)
      }
    }
  }

  /// Three frames of three packets; every one of the packets missing in turn.
  @Test(arguments: 0..<9) func aMissingPacketCostsItsFrameOnly(missing: Int) throws {
    var packetizer = VP8Packetizer(maximumPayload: 16, firstPictureID: 0)
    var packets: [RTPPacket] = []
    for index in 0..<3 {
      let frame = try packetizer.packetize(ByteBuffer(repeating: UInt8(index), count: 30), mediaTime: 0)
      packets += frame.packets(from: UInt16(packets.count), timestamp: UInt32(index))
    }
    packets.remove(at: missing)
    let frames = try receive(packets)
    #expect(frames.map(\.timestamp) == (0..<3).filter { $0 != missing / 3 }.map(UInt32.init))
    // Before the first and behind the last packet nobody can tell that one is missing.
    let isSeen = missing > 0 && missing / 3 < 2
    #expect(frames.map(\.packetsLostBefore).reduce(0, +) == (isSeen ? 1 : 0))
  }

  @Test func repeatedAndLatePacketsAreNotJoined() throws {
    let first = RTPPacket(1, hex("10 AA"))
    let last = RTPPacket(2, marker: true, hex("00 BB"))
    #expect(try receive([first, first, last, first, last]).map(\.data.bytes) == [[0xAA, 0xBB]])
  }

  @Test func aNewTimeWithoutAMarkerEndsTheFrameUnfinished() throws {
    let frames = try receive([
      RTPPacket(1, time: 1, hex("10 AA")), RTPPacket(2, time: 2, marker: true, hex("00 BB")),
      RTPPacket(3, time: 3, marker: true, hex("10 CC")),
    ])
    #expect(frames.map(\.timestamp) == [3])
  }

  @Test func laterPartitionsBelongToTheSameFrame() throws {
    let frames = try receive([RTPPacket(1, hex("10 AA")), RTPPacket(2, marker: true, hex("11 BB"))])
    #expect(frames.map(\.data.bytes) == [[0xAA, 0xBB]])
  }

  @Test func aFrameBeyondTheLimitIsRefused() throws {
    var depacketizer = VP8Depacketizer(maximumFrameSize: 2)
    _ = try depacketizer.receive(RTPPacket(1, hex("10 AA")))
    #expect(try depacketizer.receive(RTPPacket(2, marker: true, hex("00 BB"))) != nil)
    _ = try depacketizer.receive(RTPPacket(3, hex("10 AABB")))
    #expect(throws: RTPError.frameTooLarge(size: 3, limit: 2)) { try depacketizer.receive(RTPPacket(4, hex("00 CC"))) }
    #expect(try depacketizer.receive(RTPPacket(5, marker: true, hex("00 CC"))) == nil)
    #expect(try depacketizer.receive(RTPPacket(6, marker: true, hex("10 DD"))) != nil)
  }

  @Test func tenThousandMutationsDoNotCrash() throws {
    var generator = SeededGenerator(seed: 10)
    var packetizer = VP8Packetizer(maximumPayload: 40, firstPictureID: 0)
    var depacketizer = VP8Depacketizer(maximumFrameSize: 400)
    var number: UInt16 = 0
    var joined = 0
    for round in 0..<2500 {
      let frame = try packetizer.packetize(ByteBuffer(generator.bytes(140)), mediaTime: 0)
      for packet in frame.packets(from: number, timestamp: UInt32(round)) {
        let isDamaged = Int.random(in: 0..<3, using: &generator) == 0
        let payload = isDamaged ? generator.mutate(packet.payload.bytes) : packet.payload.bytes
        let stray = isDamaged ? UInt16.random(in: 0...2, using: &generator) : 0
        let marker = packet.header.marker != (Int.random(in: 0..<20, using: &generator) == 0)
        let mutated = RTPPacket(
          packet.header.sequenceNumber &+ stray, time: packet.header.timestamp, marker: marker, payload)
        guard let whole = try? depacketizer.receive(mutated) else { continue }
        joined += 1
        #expect((1...400).contains(whole.data.readableBytes))
      }
      number &+= UInt16(frame.count)
    }
    #expect(joined > 100 && joined < 2500)
  }
}
