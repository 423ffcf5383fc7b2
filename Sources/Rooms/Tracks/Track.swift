import Media
import NIOCore
import RTP
import Synchronization

/// The sound or the picture of one speaker: who wants it, and in which renditions.
///
/// A track outlives its publisher's connection. The media itself runs through a ``TrackFeed`` on the publisher's event
/// loop; the track is what the control plane and the receivers' loops hold. The lock guards a few references and is
/// never held over a call out.
public final class Track: Sendable {
  /// Stable over the publisher's reconnects.
  public let id: TrackID

  private let state: Mutex<State>
  private let resources: RenditionResources

  /// What the feed does with each frame; immutable, replaced whole.
  struct Plan {
    var source: SourceFormat?
    /// Loops with receivers of the untouched payload.
    var untouched: [any FrameSink] = []
    /// The renditions that need a codec and have receivers; hardly ever more than two.
    var transcoded: [Transcoded] = []

    func contains(_ rendition: Rendition) -> Bool { transcoded.contains { $0.rendition == rendition } }
  }

  /// A rendition with the chain that makes it.
  struct Transcoded {
    let rendition: Rendition
    let chain: any TranscodedRendition
  }

  private struct State {
    var plan = Plan()
    var subscribers: [SubscriberID: Subscriber] = [:]
    var feed: TrackFeed.Handle?
    /// Renditions of what came before the present source, whose codecs still give out what they hold back.
    var ending: [any TranscodedRendition] = []
    /// Where the sound of those ends that have, in microseconds of media time.
    var endOfSound: Int64?
  }

  init(id: TrackID, resources: RenditionResources) {
    self.id = id
    self.resources = resources
    self.state = Mutex(State())
  }

  /// Whose track it is.
  public var participant: ParticipantID { id.participant }

  /// Sound or picture.
  public var kind: MediaKind { id.kind }

  /// What the publisher sends, nil before the first frame.
  public var source: SourceFormat? { state.withLock { $0.plan.source } }

  /// Begins to deliver the track to a receiver, or changes what it can decode. A picture comes at once from the cached
  /// group of pictures.
  public func subscribe(_ subscriber: Subscriber) {
    let (feed, stopped) = state.withLock { state in
      state.subscribers[subscriber.id] = subscriber
      let stopped = replan(&state)
      return (state.feed, stopped)
    }
    stopped.forEach { $0.chain.stop() }
    feed?.joined(subscriber.id)
  }

  /// Ends the delivery to a receiver; the last one stops the codecs.
  public func unsubscribe(_ id: SubscriberID) {
    let stopped = state.withLock { state -> [Transcoded] in
      guard state.subscribers.removeValue(forKey: id) != nil else { return [] }
      return replan(&state)
    }
    stopped.forEach { $0.chain.stop() }
  }

  /// What a receiver's line has for the track has changed. The encoder of its rendition follows the slowest of those who
  /// take it; a line that cannot take half of what is made without it gets another tier (see ``Tier``), so no receiver
  /// takes more than half from the others.
  public func allot(_ bitRate: Int?, to id: SubscriberID) {
    let stopped = state.withLock { state -> [Transcoded] in
      guard state.subscribers[id] != nil, state.subscribers[id]?.bitRate != bitRate else { return [] }
      state.subscribers[id]?.bitRate = bitRate
      return replan(&state)
    }
    stopped.forEach { $0.chain.stop() }
  }

  /// A receiver has begun with the tier it changes to: what went on until then is not needed any more.
  public func settle(_ id: SubscriberID) {
    let stopped = state.withLock { state -> [Transcoded] in
      guard state.subscribers[id]?.former != nil else { return [] }
      state.subscribers[id]?.former = nil
      return replan(&state)
    }
    stopped.forEach { $0.chain.stop() }
  }

  /// A receiver has lost its place and asks for a key frame.
  public func requestKeyFrame(for id: SubscriberID) {
    state.withLock { $0.feed }?.joined(id)
  }

  // MARK: The feed's side

  var plan: Plan { state.withLock { $0.plan } }

  /// How many receivers there are now.
  var subscriberCount: Int { state.withLock { $0.subscribers.count } }

  /// The subscriber and the rendition it gets, for a burst of cached pictures.
  func subscription(_ id: SubscriberID) -> (Subscriber, Rendition)? {
    state.withLock { state in
      guard let subscriber = state.subscribers[id],
        let rendition = state.plan.source?.rendition(for: subscriber)
      else { return nil }
      return (subscriber, rendition)
    }
  }

  /// A feed begins; one of an earlier publication than the present one's is not taken.
  func attach(_ feed: TrackFeed.Handle) {
    state.withLock { state in
      if let present = state.feed, present.generation > feed.generation { return }
      state.feed = feed
    }
  }

  func isFed(by feed: TrackFeed.Handle) -> Bool { state.withLock { $0.feed === feed } }

  /// Whether a publication feeds the track.
  var hasFeed: Bool { state.withLock { $0.feed != nil } }

  /// The feed ends; a newer one that has already taken over stays.
  func detach(_ feed: TrackFeed.Handle, at now: NIODeadline) {
    let ended = state.withLock { state -> [Transcoded] in
      guard state.feed === feed else { return [] }
      state.feed = nil
      // A decoder fed by a publisher that is gone holds memory for nothing; the next publisher starts a fresh one.
      return end(state.plan.transcoded, &state)
    }
    finish(ended, at: now)
  }

  /// The publisher sends another format from now on.
  func setSource(_ source: SourceFormat, at now: NIODeadline) {
    let ended = state.withLock { state -> [Transcoded] in
      guard state.plan.source != source else { return [] }
      // Pictures that only begin to be out of order are decoded as before.
      let goesOn = source.decodesLike(state.plan.source) && source.untouched == nil
      var ended = goesOn ? [] : end(state.plan.transcoded, &state)
      state.plan.source = source
      ended += end(replan(&state), &state)
      return ended
    }
    finish(ended, at: now)
  }

  // MARK: What ended

  /// Whether codecs of what came before still give out what they hold back.
  var isEnding: Bool { state.withLock { !$0.ending.isEmpty } }

  /// Where the sound of what came before ends, in microseconds of media time; told once.
  func takeEndOfSound() -> Int64? { state.withLock { $0.endOfSound.take() } }

  /// What came before is not waited for any longer.
  func abandonEnding() {
    let ending = state.withLock { state in
      defer { state.ending = [] }
      return state.ending
    }
    ending.forEach { $0.stop() }
  }

  private func end(_ renditions: [Transcoded], _ state: inout State) -> [Transcoded] {
    state.plan.transcoded.removeAll { left in renditions.contains { $0.chain === left.chain } }
    state.ending += renditions.map(\.chain)
    return renditions
  }

  private func finish(_ renditions: [Transcoded], at now: NIODeadline) {
    for rendition in renditions {
      rendition.chain.finish(at: now) { [weak self, chain = rendition.chain] end in self?.ended(chain, at: end) }
    }
  }

  private func ended(_ chain: any TranscodedRendition, at end: Int64?) {
    let feed = state.withLock { state -> TrackFeed.Handle? in
      guard let index = state.ending.firstIndex(where: { $0 === chain }) else { return nil }
      state.ending.remove(at: index)
      if let end { state.endOfSound = max(end, state.endOfSound ?? end) }
      return state.ending.isEmpty ? state.feed : nil
    }
    feed?.settled()
  }

  /// No decoder takes the source: from here on it is one that cannot be carried. The feed notices with its next frame.
  private func refuse(_ source: SourceFormat) {
    let stopped = state.withLock { state -> [Transcoded] in
      guard state.plan.source == source else { return [] }
      state.plan.source = .unsupported(kind: source.kind, codec: source.codecName, .refused)
      return replan(&state)
    }
    stopped.forEach { $0.chain.stop() }
  }

  /// A worker was lost with a rendition's codecs: it begins again from the cached group of pictures.
  private func restart(_ rendition: Rendition) { state.withLock { $0.feed }?.restart(rendition) }

  /// Works out anew who gets what. Returns the renditions that nobody wants any more.
  private func replan(_ state: inout State) -> [Transcoded] {
    guard let source = state.plan.source else { return [] }
    var wanted = WantedRenditions()
    for subscriber in state.subscribers.values {
      for rendition in source.renditions(for: subscriber) { wanted.add(subscriber, to: rendition) }
    }
    state.plan.untouched = wanted.untouched
    let stopped = state.plan.transcoded.filter { wanted.transcoded[$0.rendition] == nil }
    state.plan.transcoded.removeAll { wanted.transcoded[$0.rendition] == nil }
    for (rendition, receivers) in wanted.transcoded {
      // Without a feed nothing would come in: the feed's first frame makes the plan anew.
      if state.feed != nil, !state.plan.contains(rendition),
        let chain = resources.begin(
          rendition, of: id, source: source, whenLost: { [weak self] in self?.restart(rendition) },
          whenRefused: { [weak self] in self?.refuse(source) })
      {
        state.plan.transcoded.append(Transcoded(rendition: rendition, chain: chain))
      }
      guard let chain = state.plan.transcoded.first(where: { $0.rendition == rendition })?.chain else { continue }
      chain.setSinks(receivers.sinks, untouched: source.untouched)
      chain.setTargetBitRate(receivers.bitRate)
    }
    return stopped
  }

  /// Makes the transcoded renditions that receivers wait for since before the feed was there.
  func resume() {
    let stopped = state.withLock { replan(&$0) }
    stopped.forEach { $0.chain.stop() }
  }
}

/// Who wants each rendition of a track.
private struct WantedRenditions {
  /// Those who take one encoding.
  struct Receivers {
    /// Their loops, each once.
    var sinks: [any FrameSink] = []
    /// Of the slowest line; nil while none has a bound.
    var bitRate: Int?
  }

  var untouched: [any FrameSink] = []
  var transcoded: [Rendition: Receivers] = [:]

  mutating func add(_ subscriber: Subscriber, to rendition: Rendition) {
    switch rendition {
    case .untouched: Self.add(subscriber.sink, to: &untouched)
    case .sound, .picture:
      var receivers = transcoded[rendition] ?? Receivers()
      Self.add(subscriber.sink, to: &receivers.sinks)
      if let bitRate = subscriber.bitRate { receivers.bitRate = min(bitRate, receivers.bitRate ?? bitRate) }
      transcoded[rendition] = receivers
    }
  }

  private static func add(_ sink: any FrameSink, to sinks: inout [any FrameSink]) {
    if !sinks.contains(where: { $0 === sink }) { sinks.append(sink) }
  }
}
