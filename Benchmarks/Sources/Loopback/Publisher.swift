import Glibc
import LoadPeers
import NIOCore

/// A publisher that sends its file in real time, again and again; without one it says nothing more once it may speak.
final class Publisher: Pollable {
  /// From before the TCP connect to the consent; nil until then.
  private(set) var timeToPublish: UInt64?
  /// When the gateway closed the connection.
  private(set) var lostAt: UInt64?
  private var client: PublishingClient
  private let link: any PublisherLink
  private let publication: Publication?
  private let started: UInt64
  private var origin: UInt64 = 0
  private var index = 0
  private var streamID: UInt32 = 0

  /// - Parameters:
  ///   - started: from before the connection was asked for.
  ///   - link: connected.
  init(_ link: any PublisherLink, name: String, _ publication: Publication?, since started: UInt64) {
    self.started = started
    self.link = link
    self.publication = publication
    var random = SystemRandomNumberGenerator()
    self.client = PublishingClient(
      app: "live/bench", name: name, random: &random, now: .uptimeNanoseconds(self.started))
    self.flush()
  }

  var descriptor: CInt { self.link.descriptor }
  var isLost: Bool { self.lostAt != nil }
  var isOver: Bool { self.isLost }

  func elapsed(at time: UInt64) { self.link.elapsed(at: time) }

  func readable(at time: UInt64) {
    var bytes = self.link.receive()
    var isRefused = self.link.isLost
    do {
      try self.client.receive(&bytes, at: .uptimeNanoseconds(time))
    } catch {
      isRefused = true
    }
    if case .publishing(let id) = self.client.state, self.timeToPublish == nil {
      self.timeToPublish = monotonicTime() - self.started
      self.streamID = id
      for var message in self.publication?.beginning ?? [] {
        message.streamID = id
        self.client.session.send(message)
      }
      // Publishers do not send in step.
      self.origin = monotonicTime() + UInt64.random(in: 0..<40_000_000)
    }
    if self.client.state == .refused { isRefused = true }
    if isRefused, self.lostAt == nil { self.lostAt = time }
    self.flush()
  }

  /// When the next frame is due; nil before the consent.
  var due: UInt64? {
    guard self.timeToPublish != nil, !self.isLost, let publication else { return nil }
    return self.origin + UInt64(self.mediaTime(publication)) * 1_000_000
  }

  private func mediaTime(_ publication: Publication) -> Int64 {
    let frames = publication.frames
    return Int64(self.index / frames.count) * publication.duration + frames[self.index % frames.count].timestamp
  }

  /// Sends the frame that is due.
  func send() {
    guard let publication else { return }
    let frames = publication.frames
    var message = frames[self.index % frames.count]
    message.timestamp = self.mediaTime(publication)
    message.streamID = self.streamID
    if Publication.isStamped(message) { Publication.stamp(&message, monotonicTime()) }
    self.index += 1
    self.client.session.send(message)
    self.flush()
  }

  private func flush() {
    while let bytes = self.client.output() { self.link.send(bytes) }
    if self.link.isLost, self.lostAt == nil { self.lostAt = monotonicTime() }
  }
}
