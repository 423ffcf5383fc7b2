import NIOCore
import Testing

@testable import RTMPTunnel

@Suite final class TunnelSessionTests {
  private var now = NIODeadline.uptimeNanoseconds(1_000_000_000)
  private var session = TunnelSession(now: .uptimeNanoseconds(1_000_000_000))

  private func receive(_ kind: TunnelRequest.Kind, _ number: UInt32) throws(TunnelError) -> TunnelSession.Arrival {
    try session.receive(kind, number: number, at: now)
  }

  private func say(_ bytes: UInt8...) throws(TunnelError) {
    try session.send(ByteBuffer(bytes: bytes))
  }

  private func elapsed(at time: NIODeadline) throws(TunnelError) { try session.elapsed(at: time) }

  private func reply() -> TunnelReply? { session.reply(at: now) }

  /// The answer to a poll once it is due.
  private func poll(_ number: UInt32) throws -> [UInt8] {
    #expect(try receive(.idle, number) == .fresh)
    if let reply = reply() { return Array(reply.body.readableBytesView) }
    now = try #require(session.deadline)
    return Array(try #require(reply()).body.readableBytesView)
  }

  private func send(_ number: UInt32) throws -> [UInt8] {
    #expect(try receive(.send, number) == .fresh)
    return Array(try #require(reply()).body.readableBytesView)
  }

  @Test func whatIsSaidGoesWithTheNextAnswer() throws {
    #expect(try send(0) == [1])
    try say(7, 8)
    try say(9)
    #expect(try poll(1) == [1, 7, 8, 9])
    #expect(session.queuedBytes == 0)
  }

  @Test func emptyPollsSlowDownAndTrafficEitherWayQuickens() throws {
    var bytes: [UInt8] = []
    for number in 0..<70 { bytes += try poll(UInt32(number)) }
    let steps: [UInt8] = [0x01, 0x03, 0x05, 0x09, 0x11, 0x21]
    let expected = steps.flatMap { Array(repeating: $0, count: 10) }
    // The tenth empty poll's answer tells the new delay already.
    #expect(bytes == Array(expected.dropFirst()) + Array(repeating: 0x21, count: 11))
    #expect(try send(70) == [1])
    for number in 71..<85 { _ = try poll(UInt32(number)) }
    try say(5)
    #expect(try poll(85) == [1, 5])
  }

  @Test func anEmptyAnswerIsHeldBackAsLongAsThePollingByteSaysAndDataEndsThat() throws {
    #expect(try receive(.idle, 0) == .fresh)
    #expect(reply() == nil)
    #expect(session.deadline == now + TunnelLimits().pollingUnit)
    try say(1)
    #expect(reply()?.body == ByteBuffer(bytes: [1, 1]))
    for number in 1..<80 { _ = try poll(UInt32(number)) }
    #expect(try receive(.idle, 80) == .fresh)
    let deadline = now + TunnelLimits().pollingUnit * 0x21
    #expect(session.deadline == deadline)
    now = deadline - .nanoseconds(1)
    #expect(reply() == nil)
    now = deadline
    #expect(reply()?.body == ByteBuffer(bytes: [0x21]))
  }

  @Test(arguments: [UInt32(0), 1]) func theFirstNumberIsNoughtOrOne(first: UInt32) throws {
    #expect(try send(first) == [1])
    #expect(try send(first + 1) == [1])
  }

  @Test func aRepeatedRequestGetsItsAnswerAgainAndItsBodyIsNotNew() throws {
    try say(1, 2, 3)
    #expect(try send(0) == [1, 1, 2, 3])
    let again = TunnelReply(number: 0, body: ByteBuffer(bytes: [1, 1, 2, 3]))
    #expect(try receive(.send, 0) == .repeated(again))
    #expect(reply() == nil)
    #expect(try send(1) == [1])
    #expect(session.counts.repeats == 1)
  }

  @Test func aRequestRepeatedBeforeItsAnswerWaitsForTheSame() throws {
    #expect(try receive(.idle, 0) == .fresh)
    #expect(try receive(.idle, 0) == .awaited)
    try say(4)
    #expect(reply() == TunnelReply(number: 0, body: ByteBuffer(bytes: [1, 4])))
    #expect(reply() == nil)
  }

  @Test func theNextRequestHurriesAnAnswerThatIsHeldBack() throws {
    #expect(try receive(.idle, 0) == .fresh)
    #expect(try receive(.send, 1) == .fresh)
    let first = TunnelReply(number: 0, body: ByteBuffer(bytes: [1]))
    #expect(reply() == first)
    #expect(reply() == TunnelReply(number: 1, body: ByteBuffer(bytes: [1])))
    #expect(reply() == nil)
  }

  @Test func everyOtherNumberIsRefusedAndChangesNothing() throws {
    #expect(throws: TunnelError.wrongNumber(2, expected: 1)) { try receive(.send, 2) }
    for number in 0..<5 { #expect(try send(UInt32(number)) == [1]) }
    for number: UInt32 in [0, 3, 6, .max] {
      #expect(throws: TunnelError.wrongNumber(number, expected: 5)) {
        try receive(.send, number)
      }
    }
    #expect(try send(5) == [1])
    #expect(session.counts.refusals == 5)
  }

  @Test(arguments: [-1, 0, 1]) func anAnswerIsBoundedAndTheRestFollows(beyond: Int) throws {
    let limit = TunnelLimits().replyBytes
    try session.send(ByteBuffer(repeating: 1, count: limit - 10))
    try session.send(ByteBuffer(repeating: 2, count: 10 + beyond))
    #expect(try send(0).count == 1 + min(limit, limit + beyond))
    #expect(session.queuedBytes == max(beyond, 0))
    #expect(try send(1).count == 1 + max(beyond, 0))
  }

  @Test func whatWaitsForTheClientIsBounded() throws {
    let limit = TunnelLimits().queuedBytes
    try session.send(ByteBuffer(repeating: 1, count: limit))
    #expect(throws: TunnelError.queueFull(bytes: limit + 1, limit: limit)) { try say(1) }
  }

  @Test func closeIsAnsweredWithANoughtAndIsTheEnd() throws {
    #expect(try send(0) == [1])
    let last = TunnelReply(number: 1, body: ByteBuffer(bytes: [0]))
    #expect(try receive(.close, 1) == .closed(last))
    #expect(session.isOver)
    #expect(throws: TunnelError.ended) { try receive(.send, 2) }
  }

  @Test func aFinishedSessionEndsWhenTheClientHasGotItsLastWordAndMayAskForItAgain() throws {
    try say(1, 2)
    session.finish()
    #expect(!session.isOver)
    try say(3)
    #expect(try send(0) == [1, 1, 2])
    #expect(session.isOver)
    #expect(session.deadline == nil)
    let last = TunnelReply(number: 0, body: ByteBuffer(bytes: [1, 1, 2]))
    #expect(try receive(.send, 0) == .repeated(last))
    #expect(throws: TunnelError.ended) { try receive(.send, 1) }
  }

  @Test func aSilentClientIsGivenUp() throws {
    #expect(try send(0) == [1])
    let deadline = now + TunnelLimits().silence
    #expect(session.deadline == deadline)
    try elapsed(at: deadline - .nanoseconds(1))
    #expect(throws: TunnelError.silent(seconds: 30)) { try elapsed(at: deadline) }
    #expect(session.isOver)
  }
}
