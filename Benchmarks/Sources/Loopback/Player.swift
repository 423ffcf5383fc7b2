import CEpoll
import Glibc
import LoadPeers

/// A WHEP player over real sockets.
final class Player: Pollable {
  let descriptor: CInt
  let peer: ReceivingPeer
  /// When the offer was sent.
  let offeredAt: UInt64
  private var checkedAt: UInt64
  private var reportedAt: UInt64
  private let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: 2048, alignment: 64)

  /// Offers, and returns when the answer is there.
  init?(_ https: HTTPSClient, path: String, _ identity: ReceiverIdentity) {
    guard let peer = ReceivingPeer(identity) else { return nil }
    self.offeredAt = monotonicTime()
    guard let answer = https.post(path: path, type: "application/sdp", body: peer.offer),
      let port = peer.take(answer: answer), let socket = Sockets.connect(Sockets.datagram, port: port)
    else { return nil }
    self.peer = peer
    self.descriptor = socket
    self.checkedAt = monotonicTime()
    self.reportedAt = self.checkedAt
    Sockets.setOption(socket, SOL_SOCKET, SO_RCVBUF, 4 << 20)
    Sockets.setNonBlocking(socket)
    _ = stamp_arrivals(socket)
    self.flush()
  }

  var isOver: Bool { false }

  deinit {
    close(self.descriptor)
    self.memory.deallocate()
  }

  func readable(at time: UInt64) {
    for _ in 0..<64 {
      // The kernel's time, not that at which this thread, which serves all players, comes to read.
      var arrived: UInt64 = 0
      let count = receive_stamped(self.descriptor, self.memory.baseAddress, self.memory.count, &arrived)
      guard count > 0 else { break }
      self.peer.receive(
        UnsafeMutableRawBufferPointer(rebasing: self.memory[..<count]),
        at: arrived > 0 ? monotonicTime(ofDay: arrived) : monotonicTime())
    }
    self.flush()
  }

  /// Timers: each 20 ms or so.
  func elapsed(at time: UInt64) {
    if !self.peer.isConnected {
      self.peer.elapsed()
    } else if time >= self.checkedAt + 2_500_000_000 {
      self.checkedAt = time
      self.peer.check()
    }
    if time >= self.reportedAt + 1_000_000_000 {
      self.reportedAt = time
      self.peer.report()
    }
    self.flush()
  }

  func leave() {
    self.peer.close()
    self.flush()
  }

  private func flush() {
    for datagram in self.peer.takeOutgoing() {
      _ = datagram.withUnsafeReadableBytes { Glibc.send(self.descriptor, $0.baseAddress, $0.count, 0) }
    }
  }
}
