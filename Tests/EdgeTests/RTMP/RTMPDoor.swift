import Logging
import Media
import Metrics
import NIOCore
import RTMP
import Synchronization
@testable import Rooms

@testable import Edge

/// A listener on loopback with a room behind it.
final class RTMPDoor: Sendable {
  let workers = MediaWorkers(count: 1)
  let sessions: LiveSessions
  let departed = Departures()
  let shadow = ShadowCounters()
  let malformed = Counter()
  let uncarriedFrames = Counter()
  let uncarriedMedia = MetricRegistry().counter("uncarried", help: "Codecs.", labels: ["kind", "codec"])
  let connections = MetricRegistry().counter(
    "connections", help: "Decisions.", labels: ["protocol", "decision", "reason"])
  let engine: RoomEngine
  let entrance: Entrance
  let listener: Listener
  let observer = RecordingObserver()

  static func with(
    limits: RTMPLimits = RTMPLimits(), maximumParticipants: Int? = nil, gate: any RoomGate = OpenGate(),
    shadows: [String: ShadowServer] = [:], needsKey: Bool = false, _ body: (RTMPDoor) async throws -> Void
  ) async throws {
    let door = try await RTMPDoor(
      limits: limits, maximumParticipants: maximumParticipants, gate: gate, shadows: shadows, needsKey: needsKey)
    let result: Result<Void, any Error>
    do { result = .success(try await body(door)) } catch { result = .failure(error) }
    await door.listener.closeAll()
    door.workers.shutDown()
    try result.get()
  }

  private init(
    limits: RTMPLimits, maximumParticipants: Int?, gate: any RoomGate, shadows: [String: ShadowServer], needsKey: Bool
  ) async throws {
    let departed = departed
    sessions = LiveSessions { session in departed.append(session) }
    engine = RoomEngine(
      rooms: Dictionary(
        uniqueKeysWithValues: ["demo"].compactMap { name in
          RoomName(name).map { ($0, RoomEngine.RoomSettings(maximumParticipants: maximumParticipants)) }
        }),
      resources: RenditionResources(workers: workers, droppedFrames: Counter(), codecFailures: Counter()),
      environment: Environment(now: { .now() }, wait: { try? await Task.sleep(for: $0) }))
    // A busy machine may take longer than a client should: what a test does not mean to time out does not.
    var limits = limits
    limits.handshakeTimeout = .minutes(2)
    let connections = connections
    entrance = Entrance(gate: gate, sessions: sessions) { request, denial in
      connections(request.door, "denied", denial.kind.rawValue).add()
    }
    var services = RTMPServices(
      rooms: engine, entrance: entrance, sessions: sessions, limits: limits,
      metrics: RTMPMetrics(
        bytesIn: Counter(), bytesOut: Counter(), malformedMedia: malformed, uncarriedFrames: uncarriedFrames,
        connections: connections, uncarriedMedia: uncarriedMedia),
      log: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }, knowsRoom: { $0 == "demo" })
    if !shadows.isEmpty { services.shadows = try shadow.services(shadows, needsKey: needsKey) }
    let complete = services
    listener = try await Listener.bind(
      ListenerConfiguration(
        id: ListenerID(rawValue: "test"), address: try SocketAddress(ipAddress: "127.0.0.1", port: 0), accept: [.rtmp],
        handshakeTimeout: .minutes(2)),
      services: DoorServices(
        rtmp: { channel, door in try complete.adopt(channel, door) }, http: nil, admission: SessionLimits(),
        observer: observer),
      group: LoopbackClient.group)
  }

  var address: SocketAddress { listener.localAddress }

  /// The participants, once they meet a condition.
  func participants(until isMet: ([ParticipantDescription]) -> Bool) async throws -> [ParticipantDescription] {
    let listening = try await engine.listen(room: "demo")
    var known = Dictionary(uniqueKeysWithValues: listening.participants.map { ($0.id, $0) })
    var events = listening.events.makeAsyncIterator()
    while !isMet(Array(known.values)) {
      switch await events.next() {
      case .participant(let participant): known[participant.id] = participant
      case .left(let id): known[id] = nil
      case .closing, nil: return []
      }
    }
    await engine.stopListening(listening)
    return Array(known.values)
  }

  /// Waits until a connection has its session.
  func served() async {
    for await event in observer.events where event == .served(.rtmp) { break }
    for loop in LoopbackClient.group.makeIterator() { _ = try? await loop.submit {}.get() }
  }

  /// How the next connection ends.
  func closing() async -> ConnectionReason? {
    for await event in observer.events { if case .closed(_, let reason) = event { return reason } }
    return nil
  }
}

/// Sessions that were struck off.
final class Departures: Sendable {
  private let list = Mutex<[LiveSession]>([])

  func append(_ session: LiveSession) { list.withLock { $0.append(session) } }

  var all: [LiveSession] { list.withLock { $0 } }
}

/// What shadowed sessions count into.
final class ShadowCounters: Sendable {
  let sessions = Gauge()
  let outcomes = MetricRegistry().counter("outcomes", help: "Outcomes.", labels: ["outcome"])
  let publications = MetricRegistry().counter("publications", help: "Publications.", labels: ["outcome"])
  let toServer = Counter()
  let toClient = Counter()
  let kinds = MetricRegistry().counter("differences", help: "Differences.", labels: ["kind"])
  private let list = Mutex<[ForwardedDifference]>([])

  var differences: [ForwardedDifference] { list.withLock { $0 } }

  func services(_ servers: [String: ShadowServer], needsKey: Bool) throws -> ShadowServices {
    try ShadowServices(
      servers: servers,
      metrics: ShadowMetrics(
        sessions: sessions, outcomes: outcomes, publications: publications, bytesToServer: toServer,
        bytesToClient: toClient, differences: kinds),
      needsKey: { _ in needsKey }, differs: { _, difference in self.list.withLock { $0.append(difference) } })
  }
}
