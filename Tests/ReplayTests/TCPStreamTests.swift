import NIOCore
import Testing

@testable import Replay

@Suite struct TCPStreamTests {
  private func packet(_ number: Int) -> CapturedPacket {
    CapturedPacket(number: number, time: Int64(number), link: .raw, bytes: ByteBuffer())
  }

  @Test func whatIsNotKeptIsCounted() {
    var stream = TCPStream()
    stream.forgetParts()
    for number in 1...5 {
      stream.append(
        ByteBuffer(repeating: UInt8(number), count: 1000), sequence: UInt32(number * 1000), of: packet(number))
    }
    #expect(stream.parts.isEmpty && stream.partCount == 5 && stream.byteCount == 5000)
    #expect(stream.head == ByteBuffer(bytes: (0..<3073).map { UInt8($0 / 1000 + 1) }))
    #expect(stream.first?.packet == 1 && stream.last?.packet == 5 && stream.latest == 5)
  }

  @Test func whatWaitsBehindAGapIsBounded() throws {
    var stream = TCPStream()
    let piece = ByteBuffer(repeating: 7, count: 1 << 20)
    stream.append(ByteBuffer(bytes: [1]), sequence: 0, of: packet(1))
    for number in 2...40 { stream.append(piece, sequence: UInt32(number << 20), of: packet(number)) }
    #expect(throws: ReplayError.missingBytes(packet: 2, count: 2 << 20 - 1)) { try stream.checkWholeness() }
    // What would close the gap comes too late: what waited first is taken, and the next gap is told.
    stream.append(ByteBuffer(repeating: 7, count: 2 << 20 - 1), sequence: 1, of: packet(41))
    #expect(stream.byteCount == 3 << 20)
    stream.append(piece, sequence: 41 << 20, of: packet(42))
    #expect(throws: ReplayError.missingBytes(packet: 42, count: 38 << 20)) { try stream.checkWholeness() }
  }
}
