import COpenSSL
import Glibc

/// One HTTPS connection that waits for each answer. The certificate is not checked: it was made for this run.
final class HTTPSClient {
  private let context: OpaquePointer
  private let ssl: OpaquePointer
  private let socket: CInt

  init?(port: Int) {
    guard let socket = Sockets.connect(Sockets.stream, port: port), let context = SSL_CTX_new(TLS_client_method()),
      let ssl = SSL_new(context)
    else { return nil }
    Sockets.setOption(socket, CInt(IPPROTO_TCP), TCP_NODELAY, 1)
    self.socket = socket
    self.context = context
    self.ssl = ssl
    guard SSL_set_fd(ssl, socket) == 1, SSL_connect(ssl) == 1 else { return nil }
  }

  deinit {
    SSL_free(self.ssl)
    SSL_CTX_free(self.context)
    close(self.socket)
  }

  /// The body of a successful answer.
  func post(path: String, type: String, body: String) -> String? {
    let request = """
      POST \(path) HTTP/1.1\r
      Host: 127.0.0.1\r
      Content-Type: \(type)\r
      Content-Length: \(body.utf8.count)\r
      \r
      \(body)
      """
    guard SSL_write(self.ssl, request, Int32(request.utf8.count)) > 0 else { return nil }
    var answer: [UInt8] = []
    var memory = [UInt8](repeating: 0, count: 16_384)
    while true {
      let count = SSL_read(self.ssl, &memory, Int32(memory.count))
      guard count > 0 else { return nil }
      answer += memory.prefix(Int(count))
      let text = String(decoding: answer, as: UTF8.self)
      guard let end = text.firstRange(of: "\r\n\r\n") else { continue }
      let head = text[..<end.lowerBound].lowercased()
      guard head.contains("http/1.1 201"), let field = head.firstRange(of: "content-length: ") else { return nil }
      let length = Int(head[field.upperBound...].prefix { $0.isNumber }) ?? 0
      if text[end.upperBound...].utf8.count >= length { return String(text[end.upperBound...]) }
    }
  }
}
