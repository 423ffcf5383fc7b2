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

  /// A frame whose first packet has that number.
  fileprivate mutating func record(_ first: UInt16, _ frame: PacketizedFrame, at now: NIODeadline) {
    record(firstSequenceNumber: first, frame: frame, timestamp: 9, at: now)
  }
}

@Suite struct RetransmissionHistoryTests {
  @Test func aPacketIsFoundAsItWasSent() throws {
    var history = RetransmissionHistory()
    let frame = try frame(3)
    history.record(65_534, frame, at: time(0))
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

  @Test func aPacketHasTheTransportNumberThatItHadFirst() throws {
    var history = RetransmissionHistory()
    history.record(
      firstSequenceNumber: 10, frame: try frame(3), timestamp: 9, firstTransportNumber: 65_535, at: time(0))
    let numbers = (UInt16(10)...12).map { number -> UInt16? in
      guard case .found(let packet) = history.packet(number, at: time(1), minimumInterval: .zero) else { return nil }
      return packet.transportNumber
    }
    #expect(numbers == [65_535, 0, 1])
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
    history.record(5, try frame(), at: time(0))
    #expect(history.answer(5, at: time(1)) == "0@9")
    #expect(history.answer(5, at: time(50)) == "recently")
    #expect(history.answer(5, at: time(51)) == "0@9")
    #expect(history.answer(5, at: time(100)) == "recently")
  }

  @Test(arguments: [(1, 1), (2, 2), (3, 3), (512, 512), (0, 1), (99_999, 32_768)])
  func theOldestGoesWhenTheCapacityIsReached(asked: Int, capacity: Int) throws {
    var history = RetransmissionHistory(capacity: asked)
    let frame = try frame()
    for number in 0..<capacity { history.record(UInt16(number), frame, at: time(0)) }
    #expect(history.count == capacity)
    #expect(history.answer(0, at: time(0)) == "0@9")
    history.record(UInt16(capacity), frame, at: time(0))
    #expect(history.count == capacity)
    #expect(history.answer(0, at: time(1000)) == "none")
    #expect(history.answer(UInt16(capacity), at: time(0)) == "0@9")
  }

  @Test func framesLeaveWholeAndTheNewestStaysWhateverItsSize() throws {
    var history = RetransmissionHistory(capacity: 8)
    history.record(0, try frame(5), at: time(0))
    history.record(5, try frame(3), at: time(0))
    #expect(history.count == 8)
    history.record(8, try frame(1), at: time(0))
    #expect([4, 5, 7, 8].map { history.answer($0, at: time(0)) } == ["none", "0@9", "2@9", "0@9"])
    history.record(9, try frame(20), at: time(0))
    #expect(history.count == 20)
    #expect([8, 9, 28, 29].map { history.answer($0, at: time(0)) } == ["none", "0@9", "19@9", "none"])
  }

  @Test func aNumberUsedAgainAfterARoundIsNotTakenForOneSentRecently() throws {
    var history = RetransmissionHistory(capacity: 4)
    history.record(65_535, try frame(), at: time(0))
    #expect(history.answer(65_535, at: time(1)) == "0@9")
    for number in UInt16(0)..<65_535 { history.record(number, try frame(), at: time(2)) }
    history.record(65_535, try frame(), at: time(3))
    #expect(history.answer(65_535, at: time(4)) == "0@9")
  }

  @Test func whatIsTooOldIsNotHeldAndItsMemoryIsFreed() throws {
    var history = RetransmissionHistory(maximumAge: .milliseconds(100))
    weak var old: PacketizedFrame?
    do {
      let frame = try frame()
      old = frame
      history.record(1, frame, at: time(0))
    }
    #expect(history.answer(1, at: time(100)) == "0@9")
    #expect(history.answer(1, at: time(101), interval: 0) == "none")
    #expect(old != nil)
    history.record(2, try frame(), at: time(101))
    #expect(old == nil)
    #expect(history.count == 1)
    #expect(history.answer(2, at: time(101)) == "0@9")
    history.expire(at: time(202))
    #expect(history.count == 0)
    history.record(3, try frame(), at: time(300))
    #expect(history.answer(3, at: time(300)) == "0@9")
  }

  @Test func aNumberThatDoesNotFollowEmptiesTheHistory() throws {
    var history = RetransmissionHistory()
    history.record(1, try frame(2), at: time(0))
    history.record(4, try frame(), at: time(0))
    #expect([1, 2, 3, 4].map { history.answer($0, at: time(0)) } == ["none", "none", "none", "0@9"])
  }

  /// Against a plain dictionary.
  @Test func anyRunOfSendingAndAskingAnswersAsAListOfAllSentWould() throws {
    var generator = SeededGenerator(seed: 14)
    var history = RetransmissionHistory(capacity: 64, maximumAge: .milliseconds(500))
    var sent: [Int64: (at: Int64, first: Int64, index: Int64)] = [:]
    var number: Int64 = 65_000
    var now: Int64 = 0
    for _ in 0..<20_000 {
      now += Int64.random(in: 0...20, using: &generator)
      if Bool.random(using: &generator) {
        let size = Int.random(in: 1...9, using: &generator)
        history.record(UInt16(truncatingIfNeeded: number), try frame(size), at: time(now))
        for index in 0..<Int64(size) { sent[number + index] = (now, number, index) }
        number += Int64(size)
      } else {
        let asked = number - Int64.random(in: -5...80, using: &generator)
        // A frame is there while all of it is.
        let answer = sent[asked].flatMap { entry -> String? in
          number - entry.first <= 64 && now - entry.at <= 500 ? "\(entry.index)@9" : nil
        }
        #expect(
          history.answer(UInt16(truncatingIfNeeded: asked), at: time(now), interval: 0) == answer ?? "none")
      }
    }
  }
}
