import NIOCore
import NIOHTTP1
import RTMP

/// RTMP inside HTTP requests, as a player sends them: up to the answer to `connect`. Notes what proxies do on the way.
struct TunnelVisit {
  private let visit: Visit

  init(_ visit: Visit) { self.visit = visit }

  func run() async throws {
    let line = HTTPLine(visit)
    let opened = try await line.post("/open/1", ByteBuffer(bytes: [0]))
    guard opened.head.status == .ok, let id = Self.sessionID(opened.body) else {
      throw Unanswered(description: "no tunnel here: /open/1 was answered \(opened.head.status.code)")
    }
    var session = visit.makeSession()
    var (number, quickest) = (0, Double.infinity)
    while !visit.take(&session) {
      let words = session.output()
      let asked = NIODeadline.now()
      let answer = try await line.post(
        "/\(words == nil ? "idle" : "send")/\(id)/\(number)", words ?? ByteBuffer(bytes: [0]))
      quickest = min(quickest, Visit.milliseconds(since: asked))
      number += 1
      guard answer.head.status == .ok, var bytes = answer.body, bytes.readInteger(as: UInt8.self) != nil else {
        throw Unanswered(description: "the tunnel ended: a request was answered \(answer.head.status.code)")
      }
      try session.receive(&bytes, at: .now())
      let took = quickest
      visit.note { finding in
        finding.roundTripMilliseconds = took
        if session.isPastHandshake { finding.stage = max(finding.stage, .handshake) }
      }
    }
    visit.note { $0.between = line.proxies(roundTrip: quickest, connect: $0.connectMilliseconds ?? 0) }
    _ = try? await line.post("/close/\(id)/\(number)", ByteBuffer(bytes: [0]))
    line.hangUp()
  }

  /// The session's name is a line of text that goes into paths.
  private static func sessionID(_ body: ByteBuffer?) -> String? {
    guard let body, body.readableBytes <= 128 else { return nil }
    let text = String(buffer: body).filter { !$0.isWhitespace }
    let isName = !text.isEmpty && text.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || "-_".contains($0)) }
    return isName ? text : nil
  }
}
