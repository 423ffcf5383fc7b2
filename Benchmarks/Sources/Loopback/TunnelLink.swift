import Glibc
import NIOCore

/// RTMPT on one connection that is kept: what there is to send goes with the next request, one request at a time; a client
/// that has nothing polls when the polling byte says so.
final class TunnelLink: PublisherLink {
  private let socket: SocketLink
  private let session: String
  private var number = 0
  private var waiting = ByteBuffer()
  private var answer = ByteBuffer()
  private var isAsking = false
  private var pollAt: UInt64 = 0

  init?(port: Int) {
    guard let socket = SocketLink(port: port) else { return nil }
    self.socket = socket
    self.pollAt = .max
    socket.send(Self.request("/open/1", ByteBuffer(bytes: [0])))
    var answer = ByteBuffer()
    var body: ByteBuffer?
    for _ in 0..<200 where body == nil && !socket.isLost {
      Sockets.awaitReadable(socket.descriptor)
      var bytes = socket.receive()
      answer.writeBuffer(&bytes)
      body = Self.body(in: &answer)
    }
    guard let body else { return nil }
    self.session = String(buffer: body).filter { !$0.isWhitespace }
    self.pollAt = 0
  }

  var descriptor: CInt { self.socket.descriptor }
  var isLost: Bool { self.socket.isLost }

  func send(_ bytes: ByteBuffer) {
    self.waiting.writeImmutableBuffer(bytes)
    self.ask()
  }

  func receive() -> ByteBuffer {
    var bytes = self.socket.receive()
    self.answer.writeBuffer(&bytes)
    guard var body = Self.body(in: &self.answer), let delay: UInt8 = body.readInteger() else { return ByteBuffer() }
    self.isAsking = false
    // A unit is some 16 ms. What came may have more behind it.
    self.pollAt = body.readableBytes > 0 ? 0 : monotonicTime() + UInt64(delay) * 15_600_000
    self.ask()
    return body
  }

  func elapsed(at time: UInt64) {
    guard !self.isAsking, self.waiting.readableBytes == 0, time >= self.pollAt else { return }
    self.request("idle", ByteBuffer(bytes: [0]))
  }

  private func ask() {
    guard !self.isAsking, self.waiting.readableBytes > 0 else { return }
    let body = self.waiting
    self.waiting = ByteBuffer()
    self.request("send", body)
  }

  private func request(_ verb: String, _ body: ByteBuffer) {
    self.isAsking = true
    self.socket.send(Self.request("/\(verb)/\(self.session)/\(self.number)", body))
    self.number += 1
  }

  private static func request(_ path: String, _ body: ByteBuffer) -> ByteBuffer {
    var request = ByteBuffer(
      string: """
        POST \(path) HTTP/1.1\r
        Host: 127.0.0.1\r
        Content-Type: application/x-fcs\r
        Content-Length: \(body.readableBytes)\r
        \r

        """)
    request.writeImmutableBuffer(body)
    return request
  }

  /// Takes a whole answer off the front; nil while it is not whole.
  private static func body(in answer: inout ByteBuffer) -> ByteBuffer? {
    let text = String(decoding: answer.readableBytesView.prefix(1024), as: UTF8.self)
    guard let end = text.firstRange(of: "\r\n\r\n") else { return nil }
    let head = text[..<end.upperBound]
    guard let field = head.lowercased().firstRange(of: "content-length: ") else { return nil }
    let length = Int(head.lowercased()[field.upperBound...].prefix { $0.isNumber }) ?? 0
    guard answer.readableBytes >= head.utf8.count + length else { return nil }
    answer.moveReaderIndex(forwardBy: head.utf8.count)
    return answer.readSlice(length: length)
  }
}
