import AccessPolicy
import FLV
import Logging
import Media
import Metrics
import NIOCore
import NIOPosix
import RTP
import Testing
@testable import WebRTC

@testable import Edge
@testable import Rooms
@testable import TestPeer
@testable import TestPublisher

/// A media plane on two loops, a room with one speaker, and negotiations without signalling. Lives in one test.
final class PlaneStage {
  static let group = MultiThreadedEventLoopGroup(numberOfThreads: 2)

  let certificate: DTLSCertificate
  let clock = NTPClock(NTPTime(unixMicroseconds: 1_700_000_000_000_000), at: .now())
  let log = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
  let videoOut = Counter()
  let metrics: MediaMetrics
  /// From where media may come; everywhere at first.
  let rules = RulesInForce()
  let plane: MediaPlane
  let workers = MediaWorkers(count: 1)
  let engine: RoomEngine
  var random = SeededRandom(21)
  private var negotiation: Negotiation?
  private(set) var picture: Track?
  private var tracks: [String: Track] = [:]

  static func with(_ body: (PlaneStage) async throws -> Void) async throws {
    let stage = try await PlaneStage()
    let result: Result<Void, any Error>
    do { result = .success(try await body(stage)) } catch { result = .failure(error) }
    await stage.plane.shutDown()
    stage.workers.shutDown()
    try result.get()
  }

  private init() async throws {
    certificate = try DTLSCertificate(using: &random)
    metrics = MediaMetrics(
      audioPacketsOut: Counter(), videoPacketsOut: videoOut, packetsIn: Counter(), lost: Counter(),
      srtpRejected: MetricRegistry().counter("rejected", help: "Refused.", labels: ["reason"]),
      delay: Histogram(bounds: [1_000_000]), datagramsRefused: Counter(), sendCalls: Counter(),
      tierChanges: MetricRegistry().counter("tiers", help: "Changes.", labels: ["tier"]))
    plane = try await MediaPlane.bind(
      port: 0, group: Self.group, certificate: certificate, clock: clock, metrics: metrics, log: log,
      allows: { [rules] address, room in rules.current.policy.decide(address, room: room).isAllowed })
    engine = RoomEngine(
      rooms: Dictionary(
        uniqueKeysWithValues: ["demo"].compactMap { name in RoomName(name).map { ($0, RoomEngine.RoomSettings()) } }),
      resources: RenditionResources(workers: workers, droppedFrames: Counter(), codecFailures: Counter()),
      environment: Environment(now: { .now() }, wait: { try? await Task.sleep(for: $0) }))
  }

  /// The plan of the last negotiation.
  var plan: SessionPlan { peerPlan.session }

  var peerPlan: PeerPlan {
    PeerPlan(
      session: negotiation?.plan
        ?? SessionPlan(
          sections: [], local: ICECredentials(using: &random), remote: ICECredentials(using: &random),
          remoteFingerprints: [], remoteSSRCs: []), tracks: tracks)
  }

  /// Negotiates with a peer and opens it. The events come as words.
  func open(_ peer: TestPeer) throws -> (PeerHandle, AsyncStream<String>) {
    var negotiation = Negotiation(fingerprint: certificate.fingerprint, candidates: [], random: random)
    _ = random.next()
    _ = try negotiation.answer(offer: peer.offer(), sending: sending)
    self.negotiation = negotiation
    let (events, feed) = AsyncStream.makeStream(of: String.self)
    let handle = plane.open(peerPlan) { event in
      switch event {
      case .connected: feed.yield("connected")
      case .closed(let reason): feed.yield(reason)
      }
    }
    return (handle, events)
  }

  func renegotiate(_ offer: SessionDescription) throws -> SessionPlan {
    _ = try negotiation?.answer(offer: offer, sending: sending)
    return plan
  }

  private var sending: [String: OutgoingTrack] {
    tracks.mapValues { OutgoingTrack(streamID: "alice", trackID: "\($0.id)", cname: "alice") }
  }

  /// A speaker whose picture goes to the peers opened from now on.
  func publisher() async throws -> PicturePublisher {
    let publication = try await engine.publish(room: "demo", name: "alice", kind: .flash, replaced: {})
    let track = try await engine.tracks(of: "alice", in: "demo")[.video]
    picture = track
    tracks = ["1": try #require(track)]
    let loop = Self.group.next()
    return try await loop.submit { PicturePublisher(publication, loop: loop) }.get()
  }

  /// Waits until a peer that said it is connected has subscribed to the picture: both are one turn of its loop.
  func hasSubscriber() async throws {
    await loopsAreIdle()
    #expect(picture?.subscriberCount == 1)
  }

  /// Waits until each loop has had several turns with nothing handed to and fro.
  func loopsAreIdle() async {
    for loop in Self.group.makeIterator() { _ = try? await loop.submit {}.get() }
  }
}

/// Feeds the pictures of a clip on an event loop.
final class PicturePublisher: Sendable {
  private let loop: any EventLoop
  private let state: NIOLoopBound<State>

  private final class State {
    let feed: PublicationFeed
    var demuxer = LegacyDemuxer()
    init(_ feed: PublicationFeed) { self.feed = feed }
  }

  init(_ publication: Publication, loop: any EventLoop) {
    self.loop = loop
    self.state = NIOLoopBound(State(PublicationFeed(publication, loop: loop)), eventLoop: loop)
  }

  func send(_ range: Range<Int>) async throws {
    let tags = try LegacyClip.h264()
    try await loop.submit {
      var index = -1
      for tag in tags where tag.type == .video {
        guard let frame = try self.state.value.demuxer.video(tag.body, at: Int64(tag.timestamp)) else { continue }
        index += 1
        guard range.contains(index) else { continue }
        self.state.value.feed.receive(
          frame.data, source: frame.source, timestamp: Int64(tag.timestamp) + frame.compositionTime,
          isKeyFrame: frame.isKeyFrame, receivedAt: .now())
      }
    }.get()
  }
}
