import NIOCore
import Seeded

@testable import Replay

/// A session's packets, to be written again in other ways that mean the same.
struct RewrittenCapture {
  struct Packet {
    let isClient: Bool
    /// Microseconds.
    var time: Int64
    let sequence: UInt32
    let payload: [UInt8]
  }

  private(set) var packets: [Packet] = []
  private let talker: Talker

  /// - Parameter talker: who the client is; another one for each session of a capture.
  init(_ session: RecordedSession, as talker: Talker = Talker(), from begin: Int64 = 1_000_000) {
    self.talker = talker
    var sequence: UInt32 = 1
    for segment in session.segments {
      let payload = Array(segment.bytes.readableBytesView)
      packets.append(Packet(isClient: true, time: begin + segment.time, sequence: sequence, payload: payload))
      sequence &+= UInt32(payload.count)
    }
    sequence = 1
    for segment in session.serverSegments {
      let payload = Array(segment.bytes.readableBytesView)
      packets.append(Packet(isClient: false, time: begin + segment.time, sequence: sequence, payload: payload))
      sequence &+= UInt32(payload.count)
    }
    // What is equally old stays in its order.
    packets = packets.enumerated().sorted { ($0.element.time, $0.offset) < ($1.element.time, $1.offset) }.map(\.element)
  }

  /// Each packet comes twice, the second time a little later.
  func duplicated() -> RewrittenCapture {
    var copy = self
    copy.packets = packets.flatMap {
      [$0, Packet(isClient: $0.isClient, time: $0.time, sequence: $0.sequence, payload: $0.payload)]
    }
    return copy
  }

  /// Neighbours change places, now and then; who spoke first stays who spoke first.
  func reordered(seed: UInt64) -> RewrittenCapture {
    var copy = self
    var generator = SeededGenerator(seed: seed)
    var index = 3
    while index < copy.packets.count {
      if Bool.random(using: &generator) {
        let (left, right) = (copy.packets[index - 1].time, copy.packets[index].time)
        copy.packets.swapAt(index - 1, index)
        (copy.packets[index - 1].time, copy.packets[index].time) = (left, right)
        index += 1
      }
      index += 1
    }
    return copy
  }

  /// Each packet begins with the end of the one before it in its direction.
  func overlapping(by count: Int) -> RewrittenCapture {
    var copy = self
    var last: [Bool: [UInt8]] = [:]
    copy.packets = packets.map { packet in
      let repeated = Array((last[packet.isClient] ?? []).suffix(count))
      last[packet.isClient] = packet.payload
      return Packet(
        isClient: packet.isClient, time: packet.time, sequence: packet.sequence &- UInt32(repeated.count),
        payload: repeated + packet.payload)
    }
    return copy
  }

  /// Each packet is cut into pieces of that length.
  func cut(into length: Int) -> RewrittenCapture {
    var copy = self
    copy.packets = packets.flatMap { packet in
      stride(from: 0, to: packet.payload.count, by: length).map { start in
        Packet(
          isClient: packet.isClient, time: packet.time, sequence: packet.sequence &+ UInt32(start),
          payload: Array(packet.payload[start..<min(start + length, packet.payload.count)]))
      }
    }
    return copy
  }

  /// Packets of the client changed by `body`; nil leaves one out.
  func changingClient(_ body: ([Packet]) -> [Packet]) -> RewrittenCapture {
    var copy = self
    let others = packets.filter { !$0.isClient }
    copy.packets = (body(packets.filter(\.isClient)) + others).enumerated()
      .sorted { ($0.element.time, $0.offset) < ($1.element.time, $1.offset) }.map(\.element)
    return copy
  }

  /// The capture file of these sessions, by time.
  static func file(_ captures: [RewrittenCapture]) -> ByteBuffer {
    var writer = CaptureWriter()
    for capture in captures {
      let begin = capture.packets.first?.time ?? 0
      for talker in [capture.talker, capture.talker.answering] {
        writer.packet(talker.says([], sequence: 0, flags: Talker.synchronize), at: max(0, begin - 10))
      }
    }
    let all = captures.flatMap { capture in capture.packets.map { (capture.talker, $0) } }
    let ordered = all.enumerated().sorted { ($0.element.1.time, $0.offset) < ($1.element.1.time, $1.offset) }
    for (_, (talker, packet)) in ordered {
      let speaker = packet.isClient ? talker : talker.answering
      writer.packet(speaker.says(packet.payload, sequence: packet.sequence), at: packet.time)
    }
    return writer.bytes
  }

  var file: ByteBuffer { Self.file([self]) }
}
