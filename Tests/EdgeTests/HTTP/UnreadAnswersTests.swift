import NIOCore
import Testing

@testable import Edge

struct UnreadAnswersTests {
  private func answer(_ bytes: [UInt8], speaksHTTP11: Bool = true) -> UnreadAnswers.Answer {
    .init(body: ByteBuffer(bytes: bytes), speaksHTTP11: speaksHTTP11)
  }

  @Test func theyComeOutAsTheyWentIn() {
    let given =
      [answer([1]), answer([1]), answer([1, 2, 3]), answer([1]), answer([1], speaksHTTP11: false)]
      + Array(repeating: answer([3]), count: 100)
    var unread = UnreadAnswers()
    for answer in given { unread.append(answer) }
    var taken: [UnreadAnswers.Answer] = []
    while let answer = unread.popFirst() { taken.append(answer) }
    #expect(taken == given)
    #expect(unread.isEmpty)
  }

  @Test func likeOnesMayBeAsManyAsTheyLike() {
    var unread = UnreadAnswers()
    for _ in 0..<1_000_000 { unread.append(answer([1])) }
    #expect(!unread.isFull)
  }

  @Test func onesThatDifferAreBounded() {
    var large = UnreadAnswers()
    for number in UInt8(0)..<32 { large.append(answer(Array(repeating: number, count: 32 << 10))) }
    #expect(!large.isFull)
    large.append(answer([1]))
    #expect(large.isFull)
    _ = large.popFirst()
    #expect(!large.isFull)
    var many = UnreadAnswers()
    for number in 0..<4_097 { many.append(answer([UInt8(number % 2)])) }
    #expect(many.isFull)
  }
}
