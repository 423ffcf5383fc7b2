import Media
import NIOCore
import RTP

/// The way of one track's frames out of the publisher's connection: caches the group of pictures, packetises what passes
/// through, hands the rest to the transcoded rendition.
///
/// Confined to the publisher's event loop; made anew when the publisher comes back, perhaps on another loop.
final class TrackFeed {
  private let track: Track
  private let resources: RenditionResources
  private var source: SourceFormat?
  private var group = GroupOfPictures()
  private var packetizer: PassThroughPacketizer?
  /// The rendition that has got the cached group of pictures and follows the live frames.
  private var following: (any TranscodedRendition)?
  /// A rendition whose queue was full goes on with the next key frame.
  private var awaitingKeyFrame = false
  private var handle: Handle?

  /// What other threads hold of a feed.
  final class Handle: Sendable {
    /// Which of the speaker's publications feeds: a later one has the higher number.
    let generation: UInt64
    private let loop: any EventLoop
    private let feed: NIOLoopBound<TrackFeed>

    init(_ feed: TrackFeed, generation: UInt64, loop: any EventLoop) {
      self.generation = generation
      self.loop = loop
      self.feed = NIOLoopBound(feed, eventLoop: loop)
    }

    func joined(_ subscriber: SubscriberID) {
      loop.execute { self.feed.value.joined(subscriber) }
    }

    func restart() {
      loop.execute { self.feed.value.restart() }
    }
  }

  init(track: Track, generation: UInt64, resources: RenditionResources, loop: any EventLoop) {
    self.track = track
    self.resources = resources
    let handle = Handle(self, generation: generation, loop: loop)
    self.handle = handle
    track.attach(handle)
  }

  /// A frame with its media time. Returns whether the source changed, so that listeners must be told.
  func receive(_ frame: EncodedFrame, source: SourceFormat, receivedAt: NIODeadline) -> Bool {
    // A publication that was replaced may have frames on the way; its successor feeds the track.
    guard let handle, track.isFed(by: handle) else { return false }
    let changed = self.source != source
    if changed { follow(source) }
    let plan = track.plan
    var packetized: PacketizedFrame?
    if !plan.passThrough.isEmpty, let packets = packetizer?.packetize(frame) {
      packetized = packets
      for sink in plan.passThrough {
        sink.deliver(packets, of: track.id, untouched: packets.codec, receivedAt: receivedAt)
      }
    }
    if let rendition = plan.transcoded {
      if rendition !== following { start(rendition) }
      push(frame, to: rendition, receivedAt: receivedAt)
    } else {
      following = nil
    }
    if source.kind == .video { group.append(frame, packetized: packetized) }
    return changed
  }

  /// The publisher is gone.
  func end() {
    if let handle { track.detach(handle) }
    handle = nil
    following = nil
    group.removeAll()
  }

  private func follow(_ source: SourceFormat) {
    self.source = source
    group.removeAll()
    packetizer = PassThroughPacketizer(source, maximumPayload: resources.maximumPayload)
    following = nil
    track.setSource(source)
    track.resume()
  }

  /// A receiver came, or asks for a key frame.
  private func joined(_ id: SubscriberID) {
    guard handle != nil, let (subscriber, payload) = track.subscription(id) else { return }
    if payload == source?.passThrough {
      // Frames already sent keep their packets; the packetiser makes the others as if they had been live.
      let packets = group.packets { self.packetizer?.packetize($0) }
      guard !packets.isEmpty else { return }
      subscriber.sink.deliver(groupOfPictures: packets, of: track.id, to: id)
    } else if let rendition = track.plan.transcoded {
      if rendition !== following { start(rendition) } else { rendition.requestKeyFrame() }
    }
  }

  /// The codecs of the rendition are gone.
  private func restart() {
    guard handle != nil, let rendition = track.plan.transcoded else { return }
    start(rendition)
  }

  private func start(_ rendition: any TranscodedRendition) {
    following = rendition
    awaitingKeyFrame = false
    rendition.start(group.entries.map(\.frame))
  }

  private func push(_ frame: EncodedFrame, to rendition: any TranscodedRendition, receivedAt: NIODeadline) {
    if awaitingKeyFrame {
      guard frame.isKeyFrame else {
        resources.droppedFrames.add()
        return
      }
      awaitingKeyFrame = false
    }
    if !rendition.push(frame, receivedAt: receivedAt) {
      resources.droppedFrames.add()
      // Sound goes on with the next frame; a picture that is missing spoils all up to the next key frame.
      awaitingKeyFrame = track.kind == .video
    }
  }
}
