import NIOCore
import Testing

@testable import RTP
import Seeded

private func time(_ milliseconds: Int64) -> NIODeadline {
  .uptimeNanoseconds(1_000_000_000) + .milliseconds(milliseconds)
}

private func frame(_ packets: Int = 1) throws(RTPError) -> PacketizedFrame {
  try PacketizedFrame(
    codec: .vp8, mediaTime: 0, isKeyFrame: true, markedPacket: nil,
    payloads: (0..<packets).map { ByteBuffer([UInt8(truncatingIfNeeded: $0)]) })
}

extension RetransmissionHistory {
  /// One word for each answer.
  fileprivate mutating func answer(_ number: UInt16, at now: NIODeadline, interval: Int64 = 50) -> String {
    switch packet(number, at: now, minimumInterval: .milliseconds(interval)) {
    case .found(let packet): "\(packet.index)@\(packet.timestamp)"
    case .sentRecently: "recently"
    case .notHeld: "none"
    }
  }

  fileprivate mutating func record(_ numbers: [UInt16], of frame: PacketizedFrame, at now: NIODeadline) {
    for (index, number) in numbers.enumerated() {
      record(sequenceNumber: number, frame: frame, index: index, timestamp: 9, at: now)
    }
  }
}

@Suite struct RetransmissionHistoryTests {
  @Test func aPacketIsFoundAsItWasSent() throws {
    var history = RetransmissionHistory()
    let frame = try frame(3)
    history.record([65_534, 65_535, 0], of: frame, at: time(0))
    guard case .found(let packet) = history.packet(65_535, at: time(10), minimumInterval: .zero) else {
      Issue.record("not found")
      return
    }
    #expect(packet.frame === frame)
    #expect(packet.index == 1)
    #expect(packet.timestamp == 9)
    #expect(packet.sentAt == time(0))
    #expect(history.answer(0, at: time(10)) == "2@9")
    #expect([65_533, 1, 2, 30_000].map { history.answer($0, at: time(10)) } == ["none", "none", "none", "none"])
  }

  @Test func anEmptyHistoryHoldsNothing() {
    var history = RetransmissionHistory()
    #expect(history.answer(0, at: time(0)) == "none")
    history.expire(at: time(9))
    history.removeAll()
    #expect(history.count == 0)
  }

  @Test func aPacketIsSentAgainOnlyAfterARoundTrip() throws {
    var history = RetransmissionHistory()
    history.record([5], of: try frame(), at: time(0))
    #expect(history.answer(5, at: time(1)) == "0@9")
    #expect(history.answer(5, at: time(50)) == "recently")
    #expect(history.answer(5, at: time(51)) == "0@9")
    #expect(history.answer(5, at: time(100)) == "recently")
  }

  @Test(arguments: [(1, 1), (2, 2), (3, 4), (512, 512), (513, 1024), (0, 1), (99_999, 32_768)])
  func theCapacityIsAPowerOfTwoAndTheOldestGoesFirst(asked: Int, capacity: Int) throws {
    var history = RetransmissionHistory(capacity: asked)
    let frame = try frame()
    for number in 0..<capacity {
      history.record(sequenceNumber: UInt16(number), frame: frame, index: 0, timestamp: 9, at: time(0))
    }
    #expect(history.count == capacity)
    #expect(history.answer(0, at: time(0)) == "0@9")
    history.record(sequenceNumber: UInt16(capacity), frame: frame, index: 0, timestamp: 9, at: time(0))
    #expect(history.count == capacity)
    #expect(history.answer(0, at: time(1000)) == "none")
    #expect(history.answer(UInt16(capacity), at: time(0)) == "0@9")
  }

  @Test func whatIsTooOldIsNotHeldAndItsMemoryIsFreed() throws {
    var history = RetransmissionHistory(maximumAge: .milliseconds(100))
    weak var old: PacketizedFrame?
    do {
      let frame = try frame()
      old = frame
      history.record([1], of: frame, at: time(0))
    }
    #expect(history.answer(1, at: time(100)) == "0@9")
    #expect(history.answer(1, at: time(101), interval: 0) == "none")
    #expect(old != nil)
    history.record([2], of: try frame(), at: time(101))
    #expect(old == nil)
    #expect(history.count == 1)
    #expect(history.answer(2, at: time(101)) == "0@9")
    history.expire(at: time(202))
    #expect(history.count == 0)
    history.record([3], of: try frame(), at: time(300))
    #expect(history.answer(3, at: time(300)) == "0@9")
  }

  @Test func aNumberThatDoesNotFollowEmptiesTheHistory() throws {
    var history = RetransmissionHistory()
    let frame = try frame(2)
    history.record([1, 2], of: frame, at: time(0))
    history.record([4], of: frame, at: time(0))
    #expect([1, 2, 3, 4].map { history.answer($0, at: time(0)) } == ["none", "none", "none", "0@9"])
  }

  /// Against a plain dictionary.
  @Test func anyRunOfSendingAndAskingAnswersAsAListOfAllSentWould() throws {
    var generator = SeededGenerator(seed: 14)
    var history = RetransmissionHistory(capacity: 64, maximumAge: .milliseconds(500))
    var sent: [Int64: Int64] = [:]
    var number: Int64 = 65_000
    var now: Int64 = 0
    let frame = try frame()
    for _ in 0..<20_000 {
      now += Int64.random(in: 0...20, using: &generator)
      if Bool.random(using: &generator) {
        history.record(
          sequenceNumber: UInt16(truncatingIfNeeded: number), frame: frame, index: 0, timestamp: 9, at: time(now))
        sent[number] = now
        number += 1
      } else {
        let asked = number - Int64.random(in: -5...80, using: &generator)
        let isHeld = number - asked <= 64 && sent[asked].map { now - $0 <= 500 } ?? false
        #expect(
          history.answer(UInt16(truncatingIfNeeded: asked), at: time(now), interval: 0) == (isHeld ? "0@9" : "none"))
      }
    }
  }
}
