import NIOCore

/// Writes answers of a tunnel as bytes, head and body in one piece.
///
/// They come by the hundred a second, and all of a connection's have the same head but for two numbers: to describe each
/// one and have the encoder write it, for the socket to gather the pieces, took a seventh of all that a tunnel costs.
struct TunnelAnswerWriter {
  private var date = HTTPDate(seconds: 0)
  /// The head up to the length of the body, as of `date`.
  private var head = ""

  /// One answer on the wire; the connection stays.
  mutating func bytes(of answer: UnreadAnswers.Answer, at now: HTTPDate = .now) -> ByteBuffer {
    if now.seconds != date.seconds || head.isEmpty {
      date = now
      head =
        "HTTP/1.1 200 OK\r\nContent-Type: application/x-fcs\r\nCache-Control: no-cache\r\nDate: \(now)\r\nContent-Length: "
    }
    var bytes = ByteBuffer()
    bytes.reserveCapacity(head.utf8.count + Self.mostBehindHead + answer.body.readableBytes)
    bytes.writeString(head)
    bytes.writeString(String(answer.body.readableBytes))
    bytes.writeStaticString(answer.speaksHTTP11 ? "\r\n\r\n" : "\r\nConnection: keep-alive\r\n\r\n")
    bytes.writeImmutableBuffer(answer.body)
    return bytes
  }

  /// Bytes between `head` and the body: a number, a field, the empty line.
  private static let mostBehindHead = 48
}
