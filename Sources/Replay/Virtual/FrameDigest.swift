import COpenSSL
import NIOCore

/// SHA-256 over frames that passed through: of each frame with its time, and over all of these.
struct FrameDigest {
  /// The hash of the chain so far; empty before the first frame.
  private var running: [UInt8] = []

  /// Takes a frame in and returns 16 bits of its own hash.
  mutating func take(_ frame: ByteBuffer, at milliseconds: Int64) -> UInt16 {
    var head = ByteBuffer()
    head.writeInteger(milliseconds)
    head.writeImmutableBuffer(frame)
    let hash = Self.hash(head)
    // A chain: what stands in it so far, then the frame's hash.
    var link = ByteBuffer(bytes: running)
    link.writeBytes(hash)
    running = Self.hash(link)
    return hash.prefix(2).reduce(0) { $0 << 8 | UInt16($1) }
  }

  /// The digest over all frames so far, in hexadecimal digits; nil before the first.
  var digits: String? {
    guard !running.isEmpty else { return nil }
    return running.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
  }

  private static func hash(_ bytes: ByteBuffer) -> [UInt8] {
    var digest = [UInt8](repeating: 0, count: Int(EVP_MAX_MD_SIZE))
    var length: UInt32 = 0
    bytes.withUnsafeReadableBytes { _ = EVP_Digest($0.baseAddress, $0.count, &digest, &length, EVP_sha256(), nil) }
    return Array(digest.prefix(Int(length)))
  }
}
