import Glibc
import NIOCore

/// One end of the stream socket between gateway and worker process; closed with its owner.
struct WorkerSocket: ~Copyable {
  enum Failure: Error, Hashable {
    /// The other side is gone.
    case closed
    /// Nothing came within the time set, or nothing more can be sent now.
    case wouldBlock
    /// The system's error number.
    case system(Int32)
  }

  let descriptor: Int32

  init(descriptor: Int32) { self.descriptor = descriptor }

  deinit { Glibc.close(self.descriptor) }

  /// Lets `receive` give up after so long.
  func setReceiveTimeout(_ time: TimeAmount) {
    var value = timeval(
      tv_sec: Int(time.nanoseconds / 1_000_000_000), tv_usec: Int(time.nanoseconds % 1_000_000_000 / 1000))
    setsockopt(self.descriptor, SOL_SOCKET, SO_RCVTIMEO, &value, socklen_t(MemoryLayout<timeval>.size))
  }

  /// Appends what is there, at least a byte.
  func receive(into bytes: inout ByteBuffer, waiting: Bool = true) throws(Failure) {
    let flags = waiting ? 0 : Int32(MSG_DONTWAIT)
    while true {
      var outcome = (count: 0, error: Int32(0))
      bytes.writeWithUnsafeMutableBytes(minimumWritableBytes: Self.readSize) { room in
        outcome = (recv(self.descriptor, room.baseAddress, room.count, flags), errno)
        return max(0, outcome.count)
      }
      if outcome.count > 0 { return }
      if outcome.count == 0 { throw .closed }
      if outcome.error != EINTR { throw Failure(outcome.error) }
    }
  }

  /// Sends as much as goes, all of it if `waiting`, and takes it out of `bytes`.
  func send(_ bytes: inout ByteBuffer, waiting: Bool) throws(Failure) {
    let flags = Int32(MSG_NOSIGNAL) | (waiting ? 0 : Int32(MSG_DONTWAIT))
    while bytes.readableBytes > 0 {
      var outcome = (count: 0, error: Int32(0))
      bytes.readWithUnsafeReadableBytes { rest in
        outcome = (Glibc.send(self.descriptor, rest.baseAddress, rest.count, flags), errno)
        return max(0, outcome.count)
      }
      if outcome.count < 0, outcome.error != EINTR { throw Failure(outcome.error) }
    }
  }

  /// Waits until something can be read, or be sent again; false when neither came about in time.
  func waitUntilReadyForEither(_ time: TimeAmount) -> Bool {
    var entry = pollfd(fd: self.descriptor, events: Int16(POLLIN | POLLOUT), revents: 0)
    return poll(&entry, 1, Int32(clamping: time.nanoseconds / 1_000_000)) > 0
  }

  private static let readSize = 64 << 10
}

extension WorkerSocket.Failure {
  fileprivate init(_ code: Int32) {
    switch code {
    case EAGAIN: self = .wouldBlock
    case EPIPE, ECONNRESET: self = .closed
    default: self = .system(code)
    }
  }
}
