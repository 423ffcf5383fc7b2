import Media
import NIOCore
import RTP

/// One publisher's stay: from its accepted publish to its end, or until another takes its name over.
public struct Publication: Sendable {
  /// Tells a publication from those that spoke under the same name before and after it.
  let generation: UInt64
  let room: RoomName
  let speaker: Speaker
  let resources: RenditionResources
  /// Tells the room that the speaker's tracks are not what they were.
  let changed: @Sendable () -> Void

  /// The identity of the speaker in its room.
  public var participant: ParticipantID { speaker.id }
}

/// The way of one publisher's media into the room; confined to the event loop of its connection.
public final class PublicationFeed {
  private let publication: Publication
  private let loop: any EventLoop
  private var timeline = Timeline()
  private var audio: TrackFeed?
  private var video: TrackFeed?

  /// Begins to feed an accepted publication from a connection's loop.
  public init(_ publication: Publication, loop: any EventLoop) {
    self.publication = publication
    self.loop = loop
  }

  /// Takes one frame.
  /// - Parameters:
  ///   - data: the frame as its codec defines it, without container headers.
  ///   - timestamp: presentation time in milliseconds, unwrapped, on the publisher's clock.
  ///   - receivedAt: when the last byte of the message was read.
  /// - Returns: a source that cannot be carried, instead of this one, when a decoder has just refused it.
  @discardableResult
  public func receive(
    _ data: ByteBuffer, source: SourceFormat, timestamp: Int64, isKeyFrame: Bool, receivedAt: NIODeadline
  ) -> SourceFormat? {
    let speaker = publication.speaker
    let time = timeline.mediaTime(
      milliseconds: timestamp, of: source.kind, elapsed: speaker.start(at: receivedAt),
      arrival: Int64(clamping: receivedAt.uptimeNanoseconds / 1000))
    speaker.reached(time)
    let frame = EncodedFrame(time: time, isKeyFrame: isKeyFrame, data: data)
    let track = feed(source.kind)
    guard track.receive(frame, source: source, receivedAt: receivedAt) else { return nil }
    publication.changed()
    return track.refused
  }

  /// Ends the flow: the connection is closed, or another one took the name over.
  public func end() {
    audio?.end()
    video?.end()
    audio = nil
    video = nil
  }

  private func feed(_ kind: MediaKind) -> TrackFeed {
    switch kind {
    case .audio:
      if let audio { return audio }
      let feed = make(.audio)
      audio = feed
      return feed
    case .video:
      if let video { return video }
      let feed = make(.video)
      video = feed
      return feed
    }
  }

  private func make(_ kind: MediaKind) -> TrackFeed {
    TrackFeed(
      track: publication.speaker.track(kind), generation: publication.generation, resources: publication.resources,
      loop: loop)
  }
}
