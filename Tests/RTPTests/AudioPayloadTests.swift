import NIOCore
import Testing

@testable import RTP
import Seeded

@Suite struct AudioPayloadTests {
  @Test func anOpusPacketIsThePayload() throws {
    var packetizer = OpusPacketizer(maximumPayload: 100)
    for size in [1, 99, 100] {
      let sound = [UInt8](repeating: 7, count: size)
      let frame = try packetizer.packetize(.shifted(sound), mediaTime: 960)
      #expect(frame.payloads == [sound])
      #expect(frame.codec == .opus)
      #expect(frame.isKeyFrame)
      #expect(!frame.marker(0))
    }
    #expect(try packetizer.packetize(ByteBuffer([1]), mediaTime: 0, startsTalkSpurt: true).marker(0))
    #expect(throws: RTPError.emptyFrame) { try packetizer.packetize(ByteBuffer(), mediaTime: 0) }
    #expect(throws: RTPError.frameTooLarge(size: 101, limit: 100)) {
      try packetizer.packetize(ByteBuffer(repeating: 7, count: 101), mediaTime: 0)
    }
  }

  @Test(arguments: [(G711Packetizer.Law.mu, PayloadCodec.pcmu), (.a, .pcma)])
  func g711SamplesAreThePayload(law: G711Packetizer.Law, codec: PayloadCodec) throws {
    var packetizer = G711Packetizer(law)
    let frame = try packetizer.packetize(ByteBuffer(repeating: 0xD5, count: 160), mediaTime: 160)
    #expect(frame.codec == codec)
    #expect(frame.payloads == [[UInt8](repeating: 0xD5, count: 160)])
    #expect(codec.clockRate == 8000)
  }

  @Test func gapsAreCountedAndLatePacketsAreNotPlayed() throws {
    var depacketizer = AudioDepacketizer()
    let order: [UInt16] = [65_534, 65_535, 2, 1, 2, 3]
    let lost = try order.map { try depacketizer.receive(RTPPacket($0, [1]))?.packetsLostBefore }
    #expect(lost == [0, 0, 2, nil, nil, 0])
    #expect(throws: RTPError.emptyFrame) { try depacketizer.receive(RTPPacket(4, [])) }
  }

  @Test func tenThousandMutationsDoNotCrash() throws {
    var generator = SeededGenerator(seed: 8)
    var depacketizer = AudioDepacketizer()
    for round in 0..<10_000 {
      let bytes = generator.mutate([0x78, 1, 2, 3])
      let number = UInt16(truncatingIfNeeded: round + Int.random(in: -3...3, using: &generator))
      guard let frame = try? depacketizer.receive(RTPPacket(number, bytes)) else { continue }
      #expect(frame.data.bytes == bytes)
    }
  }
}
