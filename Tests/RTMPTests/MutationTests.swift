import NIOCore
import Testing

@testable import RTMP
import Seeded

@Suite("Damaged input")
struct MutationTests {
  /// Damages of one sort or another at a few places, most of them behind the handshake, where there is something to hit.
  private func damage(_ bytes: [UInt8], random: inout SeededGenerator) -> [UInt8] {
    var bytes = bytes
    for _ in 0..<Int.random(in: 1...6, using: &random) {
      let start = Int.random(in: 0..<20, using: &random) == 0 ? 0 : min(3073, bytes.count - 1)
      let place = Int.random(in: start..<bytes.count, using: &random)
      switch Int.random(in: 0..<6, using: &random) {
      case 0: bytes[place] ^= 1 << UInt8.random(in: 0..<8, using: &random)
      case 1: bytes[place] = UInt8.random(in: 0...255, using: &random)
      case 2: bytes[place] = [0, 1, 0x7F, 0x80, 0xC0, 0xFF].randomElement(using: &random) ?? 0
      case 3: bytes.remove(at: place)
      case 4: bytes.insert(UInt8.random(in: 0...255, using: &random), at: place)
      default:
        let end = min(bytes.count, place + Int.random(in: 1...40, using: &random))
        bytes.insert(contentsOf: bytes[place..<end], at: place)
      }
      if bytes.count < 2 { break }
    }
    return bytes
  }

  @Test(.timeLimit(.minutes(5)), arguments: Recordings.all)
  func neitherTrapsNorHangsNorTakesMoreMemoryThanStated(name: String) throws {
    var original = try Recordings.bytes(name)
    // Enough for all of the conversation's beginning and some media.
    original.removeLast(max(0, original.count - 6_000))
    var limits = RTMPLimits()
    limits.maximumPartialBytes = 100_000
    limits.maximumMessageLength = 80_000
    var outcomes = (read: 0, refused: 0)
    for seed in 0..<1_250 as Range<UInt64> {
      var random = SeededGenerator(seed: seed)
      let bytes = damage(original, random: &random)
      let split = [1, 7, 100, 1_000, 100_000].randomElement(using: &random) ?? 1
      var server = ObligingServer(limits: limits)
      // Byte by byte only where it matters; the handshake is as good in large pieces.
      let head = min(3_000, bytes.count)
      do throws(RTMPError) {
        try feed(bytes[..<head], in: head, to: &server)
        try feed(bytes[head...], in: max(split, (bytes.count - head) / 150), to: &server)
        outcomes.read += 1
      } catch {
        #expect(!error.description.isEmpty)
        outcomes.refused += 1
      }
      #expect(server.session.link.reader.partialBytes <= limits.maximumPartialBytes)
    }
    // Damage that is never noticed, or always, would mean that this test does not reach the parser.
    #expect(outcomes.read > 0 && outcomes.refused > 0)
  }

  private func feed(_ bytes: ArraySlice<UInt8>, in size: Int, to server: inout ObligingServer) throws(RTMPError) {
    var rest = bytes
    while !rest.isEmpty {
      var piece = ByteBuffer(bytes: rest.prefix(size))
      rest = rest.dropFirst(size)
      try server.session.receive(&piece, at: server.now)
      server.drain()
      _ = server.session.output()
    }
  }
}
