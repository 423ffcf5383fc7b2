import Glibc

/// Sockets on 127.0.0.1, which is where all load stays.
enum Sockets {
  /// A socket connected to a port; nil when nobody listens there.
  ///
  /// - Parameter source: the address it comes from; nil leaves that to the kernel.
  static func connect(_ kind: CInt, port: Int, from source: UInt32? = nil) -> CInt? {
    let socket = Glibc.socket(AF_INET, kind, 0)
    guard socket >= 0 else { return nil }
    if let source {
      var address = self.address(0)
      address.sin_addr.s_addr = source.bigEndian
      _ = withUnsafePointer(to: &address) { pointer in
        pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
          bind(socket, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
        }
      }
    }
    var address = self.address(port)
    let result = withUnsafePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        Glibc.connect(socket, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
    guard result == 0 else {
      close(socket)
      return nil
    }
    return socket
  }

  static let stream = CInt(SOCK_STREAM.rawValue)
  static let datagram = CInt(SOCK_DGRAM.rawValue)

  static func setNonBlocking(_ socket: CInt) {
    _ = fcntl(socket, F_SETFL, fcntl(socket, F_GETFL) | O_NONBLOCK)
  }

  /// Waits a moment for room in a socket.
  static func awaitWritable(_ socket: CInt) { self.wait(socket, Int16(POLLOUT)) }

  /// Waits a moment for what comes.
  static func awaitReadable(_ socket: CInt) { self.wait(socket, Int16(POLLIN)) }

  private static func wait(_ socket: CInt, _ events: Int16) {
    var poll = pollfd(fd: socket, events: events, revents: 0)
    Glibc.poll(&poll, 1, 100)
  }

  static func setOption(_ socket: CInt, _ level: CInt, _ name: CInt, _ value: CInt) {
    var value = value
    setsockopt(socket, level, name, &value, socklen_t(MemoryLayout<CInt>.size))
  }

  /// A port that was free a moment ago, for TCP and for UDP.
  static func freePort() -> Int {
    let socket = Glibc.socket(AF_INET, self.stream, 0)
    defer { close(socket) }
    var address = self.address(0)
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    return withUnsafeMutablePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(socket, $0, length)
        getsockname(socket, $0, &length)
      }
      return Int(UInt16(bigEndian: pointer.pointee.sin_port))
    }
  }

  private static func address(_ port: Int) -> sockaddr_in {
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = UInt16(truncatingIfNeeded: port).bigEndian
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    return address
  }
}
