import NIOCore
import RTMPTunnel

/// Requests of a tunnel: each line of the input is a path.
enum TunnelBody {
  static func run(_ bytes: ByteBuffer) {
    var now = NIODeadline.uptimeNanoseconds(1)
    var session = TunnelSession(now: now)
    for line in String(buffer: bytes).split(separator: "\n").prefix(200) {
      now = now + .milliseconds(Int64(line.utf8.count))
      let segments = line.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
      guard case .exchange(let kind, _, let number) = TunnelRequest(path: segments) else { continue }
      _ = try? session.receive(kind, number: number, at: now)
      try? session.send(ByteBuffer(substring: line))
      _ = session.reply(at: now)
      try? session.elapsed(at: now)
    }
  }
}
