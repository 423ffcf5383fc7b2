import AMF
import NIOCore
import Seeded
import Testing

@testable import RTMP

@Suite struct SharedObjectMessageTests {
  /// As the specification draws it (7.1.3).
  private func body(name: String = "board", persistence: UInt32 = 2, events: [(UInt8, ByteBuffer)]) -> ByteBuffer {
    var body = text(name)
    body.writeMultipleIntegers(7 as UInt32, persistence, 0 as UInt32)
    for (type, data) in events {
      body.writeMultipleIntegers(type, UInt32(data.readableBytes))
      body.writeImmutableBuffer(data)
    }
    return body
  }

  private func text(_ text: String) -> ByteBuffer {
    var buffer = ByteBuffer()
    buffer.writeInteger(UInt16(text.utf8.count))
    buffer.writeString(text)
    return buffer
  }

  private func joined(_ parts: ByteBuffer...) -> ByteBuffer {
    parts.reduce(into: ByteBuffer()) { $0.writeImmutableBuffer($1) }
  }

  private func read(_ body: ByteBuffer, type: MessageType = .sharedObjectAMF0) throws -> SharedObjectMessage {
    try SharedObjectMessage(Message(type: type, chunkStream: 3, body: body))
  }

  private var everything: ByteBuffer {
    // A number, AMF0 marker 0.
    let value = ByteBuffer(hex: "00 3FF0000000000000")
    return body(events: [
      (1, ByteBuffer()), (3, joined(text("x"), value)), (4, joined(text("y"), value)), (5, text("x")),
      (6, ByteBuffer(hex: "02 0001 66 05")), (7, joined(text("SharedObject.NoWriteAccess"), text("error"))),
      (8, ByteBuffer()), (9, text("x")), (10, text("y")), (11, ByteBuffer()), (2, ByteBuffer()),
      (99, ByteBuffer(bytes: [1, 2])),
    ])
  }

  @Test func eachEventIsReadAsWhatItIs() throws {
    let message = try read(everything)
    #expect(message.name == "board" && message.version == 7 && message.isPersistent)
    #expect(
      message.events == [
        .use, .requestChange(name: "x", value: 1), .change(name: "y", value: 1), .success(name: "x"),
        .send(["f", .null]), .status(code: "SharedObject.NoWriteAccess", level: "error"), .clear, .remove(name: "x"),
        .requestRemove(name: "y"), .useSuccess, .release, .unknown(type: 99, length: 2),
      ])
  }

  @Test func inAMF3AZeroComesFirst() throws {
    let plain = try read(everything)
    #expect(try read(joined(ByteBuffer(bytes: [0]), everything), type: .sharedObjectAMF3) == plain)
  }

  @Test func everyCutIsRefusedAndNoneReadsPastTheEnd() {
    let whole = body(events: [(4, joined(text("y"), ByteBuffer(hex: "00 3FF0000000000000")))])
    for length in 0..<whole.readableBytes where length != text("board").readableBytes + 12 {
      #expect(throws: RTMPError.self) { try read(whole.getSlice(at: 0, length: length) ?? ByteBuffer()) }
    }
  }

  @Test func noMutationDoesHarm() {
    var generator = SeededGenerator(seed: 19)
    for _ in 0..<5_000 {
      guard let message = try? read(everything.mutated(using: &generator)) else { continue }
      #expect(message.events.count <= 1000)
    }
  }
}
