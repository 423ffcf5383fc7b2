import NIOCore
import Seeded
import Testing

@testable import RTMP

@Suite struct RecordedAnswerTests {
  private func hello(of key: DigestHandshake.Key, scheme: DigestHandshake.Scheme, seed: UInt64) -> [UInt8] {
    var random = SeededGenerator(seed: seed)
    return DigestHandshake.hello(
      version: [3, 5, 1, 1], random: HandshakeLayout.randomBytes(1536, from: &random), scheme: scheme, key: key)
  }

  private func digest(in hello: [UInt8]) throws -> [UInt8] {
    try #require(DigestHandshake.find(in: hello, key: .server)).1
  }

  private func renewed(_ answer: [UInt8], for recorded: [UInt8], to hello: [UInt8]) -> [UInt8] {
    Array(
      RecordedAnswer.renewed(
        ByteBuffer(bytes: answer), for: ByteBuffer(bytes: recorded), to: ByteBuffer(bytes: hello)
      ).readableBytesView)
  }

  @Test(arguments: DigestHandshake.Scheme.allCases, DigestHandshake.Scheme.allCases)
  func aSignedAnswerIsSignedForTheNewServer(
    recordedScheme: DigestHandshake.Scheme, scheme: DigestHandshake.Scheme
  ) throws {
    let recorded = hello(of: .server, scheme: recordedScheme, seed: 1)
    let present = hello(of: .server, scheme: scheme, seed: 2)
    let body = [UInt8](repeating: 0x5A, count: 1504)
    let answer = DigestHandshake.answer(to: try digest(in: recorded), random: body, key: .player)
    let fitting = renewed(answer, for: recorded, to: present)
    #expect(!DigestHandshake.isValid(answer: answer, to: try digest(in: present), key: .player))
    #expect(DigestHandshake.isValid(answer: fitting, to: try digest(in: present), key: .player))
    #expect(Array(fitting.prefix(1504)) == body, "the client's own bytes stay")
  }

  @Test func anEchoIsTheEchoOfTheNewServer() {
    let (recorded, present) = ((0..<1536).map { UInt8(truncatingIfNeeded: $0) }, [UInt8](repeating: 9, count: 1536))
    #expect(renewed(recorded, for: recorded, to: present) == present)
    // librtmp writes its own time into the second word.
    var stamped = recorded
    stamped.replaceSubrange(4..<8, with: [1, 2, 3, 4])
    #expect(renewed(stamped, for: recorded, to: present) == present)
  }

  @Test func anyOtherAnswerIsRepeated() {
    let own = [UInt8](repeating: 0x55, count: 1536)
    let recorded = (0..<1536).map { UInt8(truncatingIfNeeded: $0) }
    #expect(renewed(own, for: recorded, to: hello(of: .server, scheme: .one, seed: 3)) == own)
    let signed = hello(of: .server, scheme: .one, seed: 4)
    #expect(renewed(own, for: signed, to: hello(of: .server, scheme: .one, seed: 3)) == own, "signed for nobody")
  }

  @Test func whatIsNotWholeIsLeftAlone() {
    let whole = [UInt8](repeating: 1, count: 1536)
    for length in [0, 1, 8, 1535] {
      let part = [UInt8](repeating: 1, count: length)
      #expect(renewed(part, for: whole, to: whole) == part)
      #expect(renewed(whole, for: part, to: whole) == whole)
      #expect(renewed(whole, for: whole, to: part) == whole)
    }
  }
}
