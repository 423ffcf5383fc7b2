import NIOCore
import RTMP
import Seeded

/// A session that another server serves: the input is what the client says behind its handshake, and what the server says
/// too. Whatever it is, it must go through as it came.
enum ForwardBody {
  static func run(_ bytes: ByteBuffer) throws(Contradiction) {
    var pieces = RTMPBody.pieces(of: bytes)[...]
    guard var session = begin(&pieces) else { return }
    var sent = ByteBuffer()
    for var piece in pieces {
      sent.writeImmutableBuffer(piece)
      do throws(RTMPError) {
        try session.receive(fromClient: &piece)
        while session.next() != nil { if session.isHolding { try session.release() } }
        while session.isHolding { try session.release() }
      } catch {
        return
      }
    }
    try check(session.outputToServer(), against: sent, "the client's bytes")
    var said = bytes
    do throws(RTMPError) { try session.receive(fromServer: &said) } catch { return }
    while session.next() != nil {}
    try check(session.outputToClient(), against: bytes, "the server's bytes")
  }

  /// The session once its client has said `connect`; nil when it never does.
  private static func begin(_ pieces: inout ArraySlice<ByteBuffer>) -> ForwardedSession? {
    var random = SeededGenerator(seed: 1)
    var front = ServerSession(limits: RTMPBody.limits, mayBeHandedOver: true, random: &random, now: RTMPBody.start)
    var session = ForwardedSession(handshake: .plain, limits: RTMPBody.limits, random: &random)
    var (clientHello, serverHello) = (RTMPBody.handshake, RTMPBody.handshake)
    do throws(RTMPError) {
      try session.receive(fromServer: &serverHello)
      try front.receive(&clientHello, at: RTMPBody.start)
      while var piece = pieces.popFirst() {
        try front.receive(&piece, at: RTMPBody.start)
        guard case .connect? = front.next(), let client = front.handOver() else { continue }
        try session.begin(client, as: ForwardedAddress(app: "other", url: "rtmp://old/other"))
        while session.next() != nil {}
        while session.isHolding { try session.release() }
        _ = session.outputToServer()
        return session
      }
    } catch {
      _ = error.description
    }
    return nil
  }

  private static func check(_ found: ByteBuffer?, against expected: ByteBuffer, _ what: String) throws(Contradiction) {
    guard (found ?? ByteBuffer()) == expected else { throw Contradiction("\(what) are not what went in") }
  }
}
