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
    var passThrough: [any FrameSink] = []
    /// The transcoded rendition, if a receiver needs it.
    var transcoded: (any TranscodedRendition)?
  }

  private struct State {
    var plan = Plan()
    var subscribers: [SubscriberID: Subscriber] = [:]
    var feed: TrackFeed.Handle?
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
    stopped?.stop()
    feed?.joined(subscriber.id)
  }

  /// Ends the delivery to a receiver; the last one stops the codecs.
  public func unsubscribe(_ id: SubscriberID) {
    let stopped = state.withLock { state -> (any TranscodedRendition)? in
      guard state.subscribers.removeValue(forKey: id) != nil else { return nil }
      return replan(&state)
    }
    stopped?.stop()
  }

  /// A receiver has lost its place and asks for a key frame.
  public func requestKeyFrame(for id: SubscriberID) {
    state.withLock { $0.feed }?.joined(id)
  }

  // MARK: The feed's side

  var plan: Plan { state.withLock { $0.plan } }

  /// How many receivers there are now.
  var subscriberCount: Int { state.withLock { $0.subscribers.count } }

  /// The subscriber and the payload it gets, for a burst of cached pictures.
  func subscription(_ id: SubscriberID) -> (Subscriber, PayloadCodec)? {
    state.withLock { state in
      guard let subscriber = state.subscribers[id],
        let payload = state.plan.source?.payload(for: subscriber.codecs)
      else { return nil }
      return (subscriber, payload)
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

  /// The feed ends; a newer one that has already taken over stays.
  func detach(_ feed: TrackFeed.Handle) {
    let stopped = state.withLock { state -> (any TranscodedRendition)? in
      guard state.feed === feed else { return nil }
      state.feed = nil
      // A decoder fed by a publisher that is gone holds memory for nothing; the next publisher starts a fresh one.
      defer { state.plan.transcoded = nil }
      return state.plan.transcoded
    }
    stopped?.stop()
  }

  /// The publisher sends another format from now on.
  func setSource(_ source: SourceFormat) {
    let stopped = state.withLock { state -> (any TranscodedRendition)? in
      guard state.plan.source != source else { return nil }
      let old = state.plan.transcoded
      state.plan.transcoded = nil
      state.plan.source = source
      _ = replan(&state)
      return old
    }
    stopped?.stop()
  }

  /// A worker was lost with the rendition's codecs: it begins again from the cached group of pictures.
  private func restart() { state.withLock { $0.feed }?.restart() }

  /// Works out anew who gets what. Returns a rendition that nobody wants any more.
  private func replan(_ state: inout State) -> (any TranscodedRendition)? {
    guard let source = state.plan.source else { return nil }
    var passThrough: [any FrameSink] = []
    var transcoded: [any FrameSink] = []
    var target: PayloadCodec?
    for subscriber in state.subscribers.values {
      guard let payload = source.payload(for: subscriber.codecs) else { continue }
      if payload == source.passThrough {
        if !passThrough.contains(where: { $0 === subscriber.sink }) { passThrough.append(subscriber.sink) }
      } else {
        target = payload
        if !transcoded.contains(where: { $0 === subscriber.sink }) { transcoded.append(subscriber.sink) }
      }
    }
    state.plan.passThrough = passThrough
    let old = state.plan.transcoded
    guard target != nil else {
      state.plan.transcoded = nil
      return old
    }
    // Without a feed nothing would come in: the feed's first frame makes the plan anew.
    if old == nil, state.feed != nil {
      state.plan.transcoded = resources.makeRendition(of: id, source: source) { [weak self] in
        self?.restart()
      }
    }
    state.plan.transcoded?.setSinks(transcoded)
    return nil
  }

  /// Makes the transcoded rendition that receivers wait for since before the feed was there.
  func resume() {
    let stopped = state.withLock { replan(&$0) }
    stopped?.stop()
  }
}
