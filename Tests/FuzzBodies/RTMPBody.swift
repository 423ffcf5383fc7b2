import NIOCore
import RTMP
import Seeded

/// Chunk streams, messages and commands, behind a handshake that is always the same: the input is what comes after it.
enum RTMPBody {
  static let start = NIODeadline.uptimeNanoseconds(1)

  static func server(_ bytes: ByteBuffer) {
    var random = SeededGenerator(seed: 1)
    var session = ServerSession(limits: self.limits, random: &random, now: self.start)
    var handshake = self.handshake
    do throws(RTMPError) {
      try session.receive(&handshake, at: self.start)
      for var piece in self.pieces(of: bytes) {
        try session.receive(&piece, at: self.start)
        while let event = session.next() {
          switch event {
          case .connect: session.acceptConnect()
          case .publish(let request): session.acceptPublish(streamID: request.streamID)
          case .play(let request): session.acceptPlay(streamID: request.streamID)
          default: break
          }
        }
        _ = session.output()
      }
      try session.elapsed(at: self.start + .hours(1))
    } catch {
      _ = error.description
    }
  }

  static func client(_ bytes: ByteBuffer) {
    var random = SeededGenerator(seed: 2)
    var session = ClientSession(
      connect: ConnectParameters(app: "live/demo", tcUrl: "rtmp://localhost/live/demo"), handshake: .plain,
      random: &random, now: self.start)
    do throws(RTMPError) {
      guard let sent = session.output() else { return }
      // S0, S1 of zeros, and S2 as the echo that it must be.
      var answer = ByteBuffer(repeating: 3, count: 1)
      answer.writeRepeatingByte(0, count: 1536)
      answer.writeBytes(sent.readableBytesView.dropFirst().prefix(1536))
      try session.receive(&answer, at: self.start)
      for var piece in self.pieces(of: bytes) {
        try session.receive(&piece, at: self.start)
        while session.next() != nil {}
        _ = session.output()
      }
    } catch {
      _ = error.description
    }
  }

  /// C0 and C1 of a client without signature, and a C2 that echoes nothing.
  static var handshake: ByteBuffer {
    var handshake = ByteBuffer(repeating: 3, count: 1)
    handshake.writeRepeatingByte(0, count: 2 * 1536)
    return handshake
  }

  /// The first byte says how the rest is cut.
  static func pieces(of bytes: ByteBuffer) -> [ByteBuffer] {
    var bytes = bytes
    guard let first = bytes.readInteger(as: UInt8.self) else { return [] }
    let size = first == 0 ? max(1, bytes.readableBytes) : Int(first) * 16
    var pieces: [ByteBuffer] = []
    while bytes.readableBytes > 0, let piece = bytes.readSlice(length: min(size, bytes.readableBytes)) {
      pieces.append(piece)
    }
    return pieces
  }

  static var limits: RTMPLimits {
    var limits = RTMPLimits()
    limits.maximumMessageLength = 256 << 10
    limits.maximumPartialBytes = 512 << 10
    return limits
  }
}
