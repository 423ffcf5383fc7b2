import Glibc
import LoadPeers
import NIOCore

/// A publisher over a real socket that sends its file in real time, again and again.
final class Publisher: Pollable {
  let descriptor: CInt
  /// From before the TCP connect to the consent; nil until then.
  private(set) var timeToPublish: UInt64?
  private(set) var isLost = false
  private var client: PublishingClient
  private let publication: Publication
  private let started: UInt64
  private var origin: UInt64 = 0
  private var index = 0
  private var streamID: UInt32 = 0

  init?(port: Int, name: String, _ publication: Publication) {
    self.started = monotonicTime()
    guard let socket = Sockets.connect(Sockets.stream, port: port) else { return nil }
    self.descriptor = socket
    // As every encoder sets it; set-up is timed, and Nagle's algorithm would be timed with it.
    Sockets.setOption(socket, CInt(IPPROTO_TCP), TCP_NODELAY, 1)
    Sockets.setNonBlocking(socket)
    self.publication = publication
    var random = SystemRandomNumberGenerator()
    self.client = PublishingClient(
      app: "live/bench", name: name, random: &random, now: .uptimeNanoseconds(self.started))
    self.flush()
  }

  deinit { close(self.descriptor) }

  func readable(at time: UInt64) {
    var memory = [UInt8](repeating: 0, count: 8192)
    let count = read(self.descriptor, &memory, memory.count)
    guard count > 0 else {
      self.isLost = self.isLost || count == 0 || errno != EAGAIN
      return
    }
    var bytes = ByteBuffer(bytes: memory.prefix(count))
    do {
      try self.client.receive(&bytes, at: .uptimeNanoseconds(time))
    } catch {
      self.isLost = true
    }
    if case .publishing(let id) = self.client.state, self.timeToPublish == nil {
      self.timeToPublish = monotonicTime() - self.started
      self.streamID = id
      for var message in self.publication.beginning {
        message.streamID = id
        self.client.session.send(message)
      }
      // Publishers do not send in step.
      self.origin = monotonicTime() + UInt64.random(in: 0..<40_000_000)
    }
    if self.client.state == .refused { self.isLost = true }
    self.flush()
  }

  /// When the next frame is due; nil before the consent.
  var due: UInt64? {
    guard self.timeToPublish != nil, !self.isLost else { return nil }
    return self.origin + UInt64(self.mediaTime) * 1_000_000
  }

  private var mediaTime: Int64 {
    let frames = self.publication.frames
    return Int64(self.index / frames.count) * self.publication.duration + frames[self.index % frames.count].timestamp
  }

  /// Sends the frame that is due.
  func send() {
    let frames = self.publication.frames
    var message = frames[self.index % frames.count]
    message.timestamp = self.mediaTime
    message.streamID = self.streamID
    if Publication.isStamped(message) { Publication.stamp(&message, monotonicTime()) }
    self.index += 1
    self.client.session.send(message)
    self.flush()
  }

  private func flush() {
    while let bytes = self.client.output() {
      var rest = bytes
      while rest.readableBytes > 0, !self.isLost {
        let count = rest.withUnsafeReadableBytes {
          Glibc.send(self.descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
        }
        if count > 0 {
          rest.moveReaderIndex(forwardBy: count)
        } else if errno == EAGAIN {
          // The gateway does not keep up; a real encoder would wait as well.
          var poll = pollfd(fd: self.descriptor, events: Int16(POLLOUT), revents: 0)
          Glibc.poll(&poll, 1, 100)
        } else {
          self.isLost = true
        }
      }
    }
  }
}
