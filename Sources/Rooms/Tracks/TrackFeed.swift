import Media
import NIOCore
import RTP

/// The way of one track's frames out of the publisher's connection: caches the group of pictures, packetises what passes
/// through, hands the rest to the transcoded renditions.
///
/// Confined to the publisher's event loop; made anew when the publisher comes back, perhaps on another loop.
final class TrackFeed {
  private let track: Track
  private let resources: RenditionResources
  private let loop: any EventLoop
  private var source: SourceFormat?
  /// What the track made of the source when a decoder refused it.
  private(set) var refused: SourceFormat?
  private var group = GroupOfPictures()
  private var packetizer: PassThroughPacketizer?
  /// The renditions that have got the cached group of pictures and follow the live frames.
  private var following: [Following] = []
  private var handle: Handle?
  private var standing: StandingPicture
  /// Waits until the standing picture is due; runs only while somebody watches.
  private var timer: Scheduled<Void>?
  /// What came since the source changed, while the codecs of the former one are not done.
  private var held: HeldFrames?
  /// Where the sound of a former source ends, in microseconds of media time, until the first frame after it.
  private var endOfSound: Int64?
  /// The publisher is gone; what is held still goes its way, and is the last.
  private var endsWithHeld = false

  private struct Following {
    let chain: any TranscodedRendition
    /// A rendition whose queue was full goes on with the next key frame.
    var awaitsKeyFrame = false
  }

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

    func restart(_ rendition: Rendition) {
      loop.execute { self.feed.value.restart(rendition) }
    }

    func settled() {
      loop.execute { self.feed.value.release() }
    }

    fileprivate func release(after patience: TimeAmount) -> Scheduled<Void> {
      loop.scheduleTask(in: patience) { self.feed.value.release() }
    }

    fileprivate func showAgain(at due: NIODeadline) -> Scheduled<Void> {
      loop.scheduleTask(deadline: due) { self.feed.value.showAgain() }
    }
  }

  init(track: Track, generation: UInt64, resources: RenditionResources, loop: any EventLoop) {
    self.track = track
    self.resources = resources
    self.loop = loop
    self.standing = StandingPicture(patience: resources.standingPatience)
    let handle = Handle(self, generation: generation, loop: loop)
    self.handle = handle
    track.attach(handle)
  }

  /// A frame with its media time. Returns whether the source changed, so that listeners must be told.
  func receive(_ frame: EncodedFrame, source: SourceFormat, receivedAt: NIODeadline) -> Bool {
    // A publication that was replaced may have frames on the way; its successor feeds the track.
    guard let handle, track.isFed(by: handle) else { return false }
    let changed = self.source != source
    if changed { follow(source, handle, isKeyFrame: frame.isKeyFrame) }
    guard held == nil else {
      held?.append(frame, receivedAt: receivedAt)
      if held?.isFull == true { release() }
      return changed
    }
    let plan = track.plan
    if let planned = plan.source, planned != source {
      let isNews = refused != planned
      refused = planned
      return isNews
    }
    deliver(frame, by: plan, receivedAt: receivedAt)
    return changed
  }

  private func deliver(_ frame: EncodedFrame, by plan: Track.Plan, receivedAt: NIODeadline) {
    var frame = frame
    if let end = endOfSound.take(), frame.time < end, end - frame.time <= Self.longestOverlap { frame.time = end }
    var packetized: PacketizedFrame?
    if !plan.untouched.isEmpty {
      packetizer?.packetize(frame) { packets in
        packetized = packets
        for sink in plan.untouched {
          sink.deliver(
            packets, of: track.id, as: .untouched(packets.codec), untouched: packets.codec, receivedAt: receivedAt)
        }
      }
    }
    follow(plan.transcoded)
    for index in following.indices { push(frame, toFollowing: index, receivedAt: receivedAt) }
    if track.kind == .video {
      group.append(frame, packetized: packetized)
      standing.picture(at: loop.now)
      arm(plan)
    }
  }

  /// The publisher is gone. Codecs of a former source still give out what they hold back, with the same patience as
  /// ever, before what came after it.
  func end() {
    if held != nil, let handle, track.isFed(by: handle), track.isEnding {
      endsWithHeld = true
      return
    }
    leave()
  }

  private func leave() {
    release()
    if let handle { track.detach(handle, at: loop.now) }
    handle = nil
    timer?.cancel()
    timer = nil
    following = []
    group.removeAll()
  }

  private func follow(_ source: SourceFormat, _ handle: Handle, isKeyFrame: Bool) {
    release()
    // A stream that only begins to reorder is decoded as before: what is cached lets the other rendition begin at once.
    if isKeyFrame || !source.decodesLike(self.source) { group.removeAll() }
    let hadUntouched = !track.plan.untouched.isEmpty
    self.source = source
    refused = nil
    packetizer = PassThroughPacketizer(source, maximumPayload: resources.maximumPayload)
    track.setSource(source, at: loop.now)
    track.resume()
    let plan = track.plan
    following.removeAll { followed in !plan.transcoded.contains { $0.chain === followed.chain } }
    // Who got the source untouched until now comes to these renditions, and begins with a key frame.
    if hadUntouched, plan.untouched.isEmpty {
      for followed in following { followed.chain.requestKeyFrame(age: standing.age(at: loop.now), at: loop.now) }
    }
    if track.isEnding {
      held = HeldFrames(until: handle.release(after: resources.endingPatience))
    } else {
      endOfSound = track.takeEndOfSound()
    }
  }

  /// What came since the source changed goes on: the codecs of the former one are done, or not waited for any longer.
  private func release() {
    guard let held else { return }
    self.held = nil
    held.end()
    defer { if endsWithHeld { leave() } }
    // A successor waits for itself.
    guard let handle, track.isFed(by: handle) else { return }
    track.abandonEnding()
    endOfSound = track.takeEndOfSound()
    let plan = track.plan
    guard plan.source == source else { return }
    for entry in held.entries { deliver(entry.frame, by: plan, receivedAt: entry.receivedAt) }
  }

  /// Codecs end with a whole packet and so a little late; what comes after that is moved no further.
  private static let longestOverlap: Int64 = 40_000

  /// A receiver came, or asks for a key frame.
  private func joined(_ id: SubscriberID) {
    guard handle != nil, let (subscriber, rendition) = track.subscription(id) else { return }
    let now = loop.now
    standing.joined(at: now)
    arm(track.plan)
    switch rendition {
    case .untouched:
      // Frames already sent keep their packets; the packetiser makes the others as if they had been live.
      let packets = group.packets { self.packetizer?.picture($0) }
      guard !packets.isEmpty else { return }
      subscriber.sink.deliver(groupOfPictures: packets, of: track.id, to: id)
    case .sound, .picture:
      let transcoded = track.plan.transcoded
      guard let chain = transcoded.first(where: { $0.rendition == rendition })?.chain else { return }
      // One that begins now shows where it stands by itself.
      let isRunning = following.contains { $0.chain === chain }
      follow(transcoded)
      if isRunning { chain.requestKeyFrame(age: standing.age(at: now), at: now) }
    }
  }

  /// The codecs of a rendition are gone.
  private func restart(_ rendition: Rendition) {
    let transcoded = track.plan.transcoded
    guard handle != nil, let chain = transcoded.first(where: { $0.rendition == rendition })?.chain else { return }
    following.removeAll { $0.chain === chain }
    follow(transcoded)
  }

  /// Begins what is new among the renditions, and lets go of what is not there any more.
  private func follow(_ transcoded: [Track.Transcoded]) {
    if following.isEmpty, transcoded.isEmpty { return }
    following.removeAll { followed in !transcoded.contains { $0.chain === followed.chain } }
    for rendition in transcoded where !following.contains(where: { $0.chain === rendition.chain }) {
      following.append(Following(chain: rendition.chain))
      rendition.chain.start(group.entries.map(\.frame), age: standing.age(at: loop.now), at: loop.now)
    }
  }

  // MARK: - A picture that stands

  /// Waits for the turn of the standing picture, if there is one and somebody to see it.
  private func arm(_ plan: Track.Plan) {
    guard timer == nil, track.kind == .video, !(plan.transcoded.isEmpty && plan.untouched.isEmpty),
      let deadline = standing.deadline(isScreen: isScreen)
    else { return }
    timer = handle?.showAgain(at: deadline)
  }

  private func showAgain() {
    timer = nil
    guard handle != nil else { return }
    let (now, plan) = (loop.now, track.plan)
    if let turn = standing.takeTurn(at: now, isScreen: isScreen) {
      let age = standing.age(at: now)
      for followed in following { followed.chain.repeatPicture(age: age, at: now) }
      if turn < Self.untouchedRepeats { showUntouchedAgain(plan, turn, at: now) }
    }
    arm(plan)
  }

  private var isScreen: Bool {
    guard case .video(let format, _)? = source else { return false }
    return format.codec == .screenVideo || format.codec == .screenVideo2
  }

  /// A picture that passes through can be shown again only where it stands alone: one that builds upon others would be
  /// damage to who has it already.
  private func showUntouchedAgain(_ plan: Track.Plan, _ turn: Int, at now: NIODeadline) {
    guard !plan.untouched.isEmpty, group.entries.count == 1, var frame = group.entries.first?.frame else { return }
    // Only just later: pictures that were held up on their way must not come before it.
    frame.time += Int64(turn + 1) * 10_000
    guard let packets = packetizer?.picture(frame) else { return }
    for sink in plan.untouched {
      sink.deliver(
        packets, of: track.id, as: .untouched(packets.codec), untouched: packets.codec, receivedAt: now)
    }
  }

  /// Enough that one comes after the browser has taken the answer.
  private static let untouchedRepeats = 4

  private func push(_ frame: EncodedFrame, toFollowing index: Int, receivedAt: NIODeadline) {
    if following[index].awaitsKeyFrame {
      guard frame.isKeyFrame else {
        resources.droppedFrames.add()
        return
      }
      following[index].awaitsKeyFrame = false
    }
    if !following[index].chain.push(frame, receivedAt: receivedAt) {
      resources.droppedFrames.add()
      // Sound goes on with the next frame; a picture that is missing spoils all up to the next key frame.
      following[index].awaitsKeyFrame = track.kind == .video
    }
  }
}
