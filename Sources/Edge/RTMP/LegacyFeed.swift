import Logging
import NIOCore
import RTMP
import Rooms

/// The way of one legacy publication's media messages into its room. Confined to the event loop of its connection.
final class LegacyFeed {
  private let services: RTMPServices
  private let identity: SessionIdentity
  private let log: Logger
  private let feed: PublicationFeed
  private var demuxer = LegacyDemuxer()
  private var uncarried = UncarriedMedia()
  private var seen = SeenCodecs()

  init(
    _ publication: Publication, loop: any EventLoop, services: RTMPServices, identity: SessionIdentity, log: Logger
  ) {
    self.services = services
    self.identity = identity
    self.log = log
    feed = PublicationFeed(publication, loop: loop)
  }

  /// Takes one message.
  /// - Parameter tell: told once of each codec that cannot be carried.
  func receive(_ message: MediaMessage, receivedAt: NIODeadline, tell: (UncarriedMedia.Notice) -> Void) {
    do {
      let frame: LegacyDemuxer.Frame?
      switch message.kind {
      case .audio: frame = try demuxer.audio(message.body)
      case .video: frame = try demuxer.video(message.body, at: message.timestamp)
      case .data: frame = nil
      }
      guard let frame else { return }
      if seen.isNews(frame.source) { services.sessions.describe(identity) { $0.note(frame.source) } }
      if case .unsupported = frame.source { note(frame.source, tell) }
      let refused = feed.receive(
        frame.data, source: frame.source, timestamp: message.timestamp + frame.compositionTime,
        isKeyFrame: frame.isKeyFrame, receivedAt: receivedAt)
      if let refused { note(refused, tell) }
    } catch {
      // One bad tag spoils one frame, not the session.
      services.metrics.malformedMedia.add()
      log.debug("malformed media message", metadata: ["reason": "\(error)"])
    }
  }

  /// The publication has ended.
  func end() { feed.end() }

  /// A codec that cannot be carried is no reason to end: the other medium may well be. The room tells those in it.
  private func note(_ source: SourceFormat, _ tell: (UncarriedMedia.Notice) -> Void) {
    services.metrics.uncarriedFrames.add()
    guard let notice = uncarried.note(source) else { return }
    services.metrics.uncarriedMedia(notice.kind.rawValue, notice.codec).add()
    log.warning(
      "media cannot be carried",
      metadata: ["reason": "unsupported_codec", "kind": "\(notice.kind)", "codec": "\(notice.codec)"])
    tell(notice)
  }
}
