import Media
import Metrics
import NIOCore
import NIOPosix
import RTP

@testable import Rooms

/// A room engine with one codec thread and a clock that a test moves.
final class Stage: Sendable {
  let time = ManualTime()
  let workers: MediaWorkers
  let dropped = Counter()
  let failures = Counter()
  let engine: RoomEngine
  static let loops = MultiThreadedEventLoopGroup.singleton

  /// - Parameter standingPatience: long enough that nothing is shown twice unless a test is about that.
  /// - Parameter endingPatience: long, so that only codecs decide when they have ended.
  init(
    limit: Int? = nil, codecs: CodecPlace = .threads, standingPatience: TimeAmount = .hours(1),
    endingPatience: TimeAmount = .hours(1)
  ) {
    workers = MediaWorkers(count: 1, codecs: codecs)
    engine = RoomEngine(
      rooms: Dictionary(
        uniqueKeysWithValues: ["demo", "other"].compactMap { name in
          RoomName(name).map { ($0, RoomEngine.RoomSettings(maximumParticipants: limit)) }
        }),
      resources: RenditionResources(
        workers: workers, droppedFrames: dropped, codecFailures: failures, standingPatience: standingPatience,
        endingPatience: endingPatience),
      environment: time.environment)
  }

  deinit { workers.shutDown() }

  func publish(_ name: String = "alice", replaced: @escaping @Sendable () -> Void = {}) async throws -> Publication {
    try await engine.publish(room: "demo", name: name, kind: .flash, replaced: replaced)
  }

  /// Publishes and feeds from an event loop.
  func publisher(_ name: String = "alice", on loop: any EventLoop = Stage.loops.next()) async throws -> Publisher {
    let publication = try await publish(name)
    return try await Publisher.make(publication, loop: loop, time: time)
  }

  /// Waits until the codec thread has done all that was given to it before.
  func codecsAreDone() async {
    let lane = workers.lane(TranscodeLabel(from: "test", to: "test")) { 0 }
    await withCheckedContinuation { continuation in
      if case .accepted = lane.submit({ _ in continuation.resume() }) { return }
      continuation.resume()
    }
  }

  /// CPU time of all codecs.
  var codecSeconds: Double {
    workers.transcodeSeconds.filter { $0.key.from != "test" }.values.reduce(0, +)
  }
}

/// A publisher's connection: feeds frames on its event loop.
final class Publisher: Sendable {
  let publication: Publication
  private let loop: any EventLoop
  private let feed: NIOLoopBound<PublicationFeed>
  private let time: ManualTime

  static func make(_ publication: Publication, loop: any EventLoop, time: ManualTime) async throws -> Publisher {
    try await loop.submit { Publisher(publication, loop: loop, time: time) }.get()
  }

  private init(_ publication: Publication, loop: any EventLoop, time: ManualTime) {
    self.publication = publication
    self.loop = loop
    self.time = time
    self.feed = NIOLoopBound(PublicationFeed(publication, loop: loop), eventLoop: loop)
  }

  var picture: Track { publication.speaker.track(.video) }
  var sound: Track { publication.speaker.track(.audio) }

  func send(_ frames: some Sequence<Clip.Frame> & Sendable) async throws {
    try await loop.submit {
      for frame in frames {
        self.feed.value.receive(
          frame.data, source: frame.source, timestamp: frame.timestamp, isKeyFrame: frame.isKeyFrame,
          receivedAt: self.time.state.value.now)
      }
    }.get()
  }

  /// Waits until the loop has done what was queued before.
  func settle() async throws { try await loop.submit {}.get() }

  func end() async throws { try await loop.submit { self.feed.value.end() }.get() }
}
