import NIOCore
import RTP
import Rooms

/// One track on its way to one peer: what was sent last, and pictures that still wait to catch it up.
///
/// Confined to the peer's event loop. It and its peer hold each other until the loop drops it.
final class Receiver {
  let peer: Peer
  let id: SubscriberID
  let track: Track
  /// The section of the session that carries the track.
  let section: Int
  let codecs: Set<PayloadCodec>
  /// The rendition that flows; nil until the first key frame.
  var rendition: Rendition?
  /// What this receiver is to get of a track that passes that payload through; kept, for it hardly ever changes.
  var choice: (untouched: PayloadCodec?, rendition: Rendition?)
  /// How much of a picture it gets.
  var tiers: TierChoice
  var flow = SendingRate(span: .seconds(2))
  var bytes: UInt64 = 0
  var backlog: Backlog?
  /// Whether pictures were kept back from a slow TCP connection: the next one it gets is a key frame.
  private var isStarved = false
  /// Media ticks of the newest frame sent.
  private var newest: Int64?
  private var caughtUpAt: NIODeadline?

  /// A receiver that asks again sooner has not yet seen what it was sent.
  private static let shortestCatchUpDistance = TimeAmount.milliseconds(500)

  /// Cached pictures not yet sent, and the live ones that came meanwhile.
  struct Backlog {
    /// With the time since when each waits for the line; nil for cached pictures.
    var frames: ArraySlice<(frame: PacketizedFrame, mediaTime: Int64, since: NIODeadline?)>
  }

  init(
    peer: Peer, id: SubscriberID, track: Track, section: Int, codecs: Set<PayloadCodec>, at now: NIODeadline = .now()
  ) {
    self.peer = peer
    self.id = id
    self.track = track
    self.section = section
    self.codecs = codecs
    self.tiers = TierChoice(at: now)
    self.choice = (nil, Rendition.chosen(for: codecs, kind: track.kind, untouched: nil))
  }

  /// What is to be done with a live frame.
  enum Disposition: Equatable {
    /// At this media time, which is the frame's own but right behind pictures that were caught up with.
    case send(mediaTime: Int64)
    /// Kept behind the pictures that still catch up.
    case kept
    /// Another rendition's frame, or one that cannot be shown without its key frame.
    case ignored
  }

  /// Takes a live frame of one of the track's renditions. `untouched` is the payload that the track passes through, if
  /// it does.
  ///
  /// What flows goes on until the first key frame of the rendition that this receiver is to get.
  func take(
    _ frame: PacketizedFrame, of rendition: Rendition, untouched: PayloadCodec?, at now: NIODeadline
  ) -> Disposition {
    if self.rendition != rendition {
      guard frame.isKeyFrame, rendition == chosen(untouched) else { return .ignored }
      let isChange = self.rendition != nil
      self.rendition = rendition
      if isChange { track.settle(id) }
      // Browsers ask for a key frame while the first one is on its way: shown twice, pictures would jump back.
      caughtUpAt = now
    }
    if backlog != nil {
      backlog?.frames.append((frame, frame.mediaTime, now))
      return .kept
    }
    return .send(mediaTime: place(frame.mediaTime, of: frame))
  }

  private func chosen(_ untouched: PayloadCodec?) -> Rendition? {
    if choice.untouched != untouched { choose(untouched) }
    return choice.rendition
  }

  func choose(_ untouched: PayloadCodec?) {
    choice = (
      untouched, Rendition.chosen(for: codecs, kind: track.kind, untouched: untouched, tier: tiers.tier)
    )
  }

  /// The time of the next frame to go out. Times grow from frame to frame; a stream that begins again at a much earlier
  /// time is followed.
  private func place(_ mediaTime: Int64, of frame: PacketizedFrame) -> Int64 {
    var placed = mediaTime
    if let newest, mediaTime <= newest, newest - mediaTime < Int64(frame.codec.clockRate) { placed = newest + 1 }
    newest = placed
    return placed
  }

  /// Takes a cached group of pictures, to be sent before all that comes after it.
  ///
  /// Its pictures are moved close together, so that the receiver decodes them at once and goes on in the live time line
  /// without having stood still: up to the newest one in steps of a millisecond for one who has seen nothing yet, or
  /// right behind the last picture sent for one who has lost its place.
  func catchUp(_ group: [PacketizedFrame], at now: NIODeadline) {
    if let caughtUpAt, now - caughtUpAt < Self.shortestCatchUpDistance { return }
    guard let first = group.first, let last = group.last, codecs.contains(first.codec) else { return }
    // One that climbs back goes on as it is until the next key frame, for its line is not known to take a whole group.
    guard rendition == nil || rendition == .untouched(first.codec), tiers.tier == .whole else { return }
    let step: Int64 = newest == nil ? Int64(first.codec.clockRate) / 1000 : 2
    let start = newest.map { $0 + step } ?? last.mediaTime - Int64(group.count - 1) * step
    rendition = .untouched(first.codec)
    backlog = Backlog(frames: [])
    for (index, frame) in group.enumerated() { backlog?.frames.append((frame, start + Int64(index) * step, nil)) }
    isStarved = false
    caughtUpAt = now
  }

  /// Whether a frame may go by a TCP connection that is perhaps slower than what is sent: sound longer than pictures, and
  /// pictures that were kept back begin again with a key frame.
  func passes(_ frame: PacketizedFrame, through stream: MediaStream) -> Bool {
    guard track.kind != .audio else { return stream.takesSound }
    guard stream.isWritable else {
      isStarved = true
      backlog = nil
      return false
    }
    if isStarved, !frame.isKeyFrame {
      // The track keeps to its own measure, however many ask.
      track.requestKeyFrame(for: id)
      return false
    }
    isStarved = false
    return true
  }

  var isCatchingUp: Bool { backlog != nil }

  /// The next picture of the backlog. Nil when there is none, and from then on live frames go out directly.
  func nextOfBacklog() -> (frame: PacketizedFrame, mediaTime: Int64)? {
    guard let next = backlog?.frames.popFirst() else {
      backlog = nil
      return nil
    }
    return (next.frame, place(next.mediaTime, of: next.frame))
  }
}
