import NIOCore
import Seeded
import Testing

@testable import RTMPTunnel

/// A client behind proxies that lose answers, repeat requests and bring some too late, against a session.
@Suite struct BadProxyTests {
  private struct Client {
    var number: UInt32
    /// Bytes said and heard so far.
    var sent = 0
    var heard = 0
  }

  /// What each side says is a counter, so that a byte lost, doubled or moved shows.
  private func counter(from start: Int, count: Int) -> ByteBuffer {
    ByteBuffer(bytes: (start..<start + count).map { UInt8(truncatingIfNeeded: $0) })
  }

  @Test(arguments: [UInt64](1...40)) func noByteIsLostDoubledOrMoved(seed: UInt64) throws {
    var random = SeededGenerator(seed: seed)
    var now = NIODeadline.uptimeNanoseconds(0)
    var limits = TunnelLimits()
    limits.replyBytes = 50
    var session = TunnelSession(limits: limits, now: now)
    var client = Client(number: UInt32.random(in: 0...1, using: &random))
    var (taken, said) = (0, 0)
    for _ in 0..<400 {
      now = now + .milliseconds(Int64.random(in: 0...200, using: &random))
      if Bool.random(using: &random) {
        let count = Int.random(in: 1...90, using: &random)
        try session.send(counter(from: said, count: count))
        said += count
      }
      // One of an earlier or a far number is refused or answered, and changes nothing.
      let stray = client.number &+ UInt32.random(in: 2...9, using: &random)
      var trial = session
      #expect(throws: TunnelError.self) { try trial.receive(.send, number: stray, at: now) }

      let isPoll = Bool.random(using: &random)
      let body = isPoll ? ByteBuffer() : counter(from: client.sent, count: Int.random(in: 0...40, using: &random))
      var answer: TunnelReply?
      while answer == nil {
        // Each try but a lucky one is lost on its way to the server, or its answer is on the way back.
        guard Int.random(in: 0..<3, using: &random) > 0 else { continue }
        let arrival = try session.receive(isPoll ? .idle : .send, number: client.number, at: now)
        let reply: TunnelReply?
        switch arrival {
        case .fresh:
          #expect(
            body.readableBytesView.elementsEqual(counter(from: taken, count: body.readableBytes).readableBytesView))
          taken += body.readableBytes
          fallthrough
        case .awaited:
          var due = session.reply(at: now)
          if due == nil, let deadline = session.deadline {
            now = deadline
            due = session.reply(at: now)
          }
          reply = due
        case .repeated(let stored): reply = stored
        case .closed(let unasked): reply = unasked
        }
        if Int.random(in: 0..<3, using: &random) > 0 { answer = reply }
      }
      var words = try #require(answer).body
      #expect(try #require(answer).number == client.number)
      #expect(words.readableBytes <= 1 + limits.replyBytes)
      let delay = words.readInteger(as: UInt8.self) ?? 0
      #expect([0x01, 0x03, 0x05, 0x09, 0x11, 0x21].contains(delay))
      #expect(words == counter(from: client.heard, count: words.readableBytes))
      client.heard += words.readableBytes
      client.sent += body.readableBytes
      client.number += 1
    }
    #expect(taken == client.sent)
    #expect(client.heard + session.queuedBytes == said)
  }
}
