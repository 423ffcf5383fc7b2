import COpenSSL
import Glibc
import NIOCore

/// The way of a publisher's bytes to the gateway and back, one socket underneath.
protocol PublisherLink: AnyObject {
  var descriptor: CInt { get }
  /// The gateway has gone.
  var isLost: Bool { get }
  func send(_ bytes: ByteBuffer)
  /// What has come since; often nothing.
  func receive() -> ByteBuffer
  /// For timers: each 20 ms or so.
  func elapsed(at time: UInt64)
}

/// RTMP as it is.
final class SocketLink: PublisherLink {
  let descriptor: CInt
  private(set) var isLost = false

  /// - Parameter source: the address it comes from, of 127.0.0.0/8; nil for 127.0.0.1.
  init?(port: Int, from source: UInt32? = nil) {
    guard let socket = Sockets.connect(Sockets.stream, port: port, from: source) else { return nil }
    self.descriptor = socket
    // As every encoder sets it; set-up is timed, and Nagle's algorithm would be timed with it.
    Sockets.setOption(socket, CInt(IPPROTO_TCP), TCP_NODELAY, 1)
    Sockets.setNonBlocking(socket)
  }

  deinit { close(self.descriptor) }

  func send(_ bytes: ByteBuffer) {
    var rest = bytes
    while rest.readableBytes > 0, !self.isLost {
      let count = rest.withUnsafeReadableBytes {
        Glibc.send(self.descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
      }
      if count > 0 {
        rest.moveReaderIndex(forwardBy: count)
      } else if errno == EAGAIN {
        // The gateway does not keep up; a real encoder would wait as well.
        Sockets.awaitWritable(self.descriptor)
      } else {
        self.isLost = true
      }
    }
  }

  func receive() -> ByteBuffer {
    var memory = [UInt8](repeating: 0, count: 8192)
    let count = read(self.descriptor, &memory, memory.count)
    if count <= 0 { self.isLost = self.isLost || count == 0 || errno != EAGAIN }
    return ByteBuffer(bytes: memory.prefix(max(0, count)))
  }

  func elapsed(at time: UInt64) {}
}

/// RTMPS. The certificate is not checked: it was made for this run.
final class TLSLink: PublisherLink {
  let descriptor: CInt
  private(set) var isLost = false
  private let context: OpaquePointer
  private let ssl: OpaquePointer

  init?(port: Int) {
    guard let socket = Sockets.connect(Sockets.stream, port: port), let context = SSL_CTX_new(TLS_client_method()),
      let ssl = SSL_new(context)
    else { return nil }
    self.descriptor = socket
    self.context = context
    self.ssl = ssl
    Sockets.setOption(socket, CInt(IPPROTO_TCP), TCP_NODELAY, 1)
    guard SSL_set_fd(ssl, socket) == 1, SSL_connect(ssl) == 1 else { return nil }
    Sockets.setNonBlocking(socket)
  }

  deinit {
    SSL_free(self.ssl)
    SSL_CTX_free(self.context)
    close(self.descriptor)
  }

  func send(_ bytes: ByteBuffer) {
    while !self.isLost {
      ERR_clear_error()
      let count = bytes.withUnsafeReadableBytes { SSL_write(self.ssl, $0.baseAddress, Int32($0.count)) }
      if count > 0 { return }
      guard SSL_get_error(self.ssl, count) == SSL_ERROR_WANT_WRITE else {
        self.isLost = true
        return
      }
      Sockets.awaitWritable(self.descriptor)
    }
  }

  func receive() -> ByteBuffer {
    var memory = [UInt8](repeating: 0, count: 16_384)
    var bytes = ByteBuffer()
    while true {
      ERR_clear_error()
      let count = SSL_read(self.ssl, &memory, Int32(memory.count))
      guard count > 0 else {
        self.isLost = self.isLost || SSL_get_error(self.ssl, count) != SSL_ERROR_WANT_READ
        return bytes
      }
      bytes.writeBytes(memory.prefix(Int(count)))
    }
  }

  func elapsed(at time: UInt64) {}
}
