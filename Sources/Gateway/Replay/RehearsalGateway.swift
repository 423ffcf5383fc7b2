import AccessPolicy
import Edge
import Foundation
import Identity
import Logging
import Media
import Metrics
import NIOCore
import RTMP
import Rooms

/// A gateway for recorded sessions: the rooms, gates and RTMP connections of the real one, without sockets, WebRTC,
/// audit and admin address, and with codecs on the caller's thread. Its time is the environment's.
///
/// Nothing of it touches what a running gateway uses: keys are looked up in a copy of the store.
public struct RehearsalGateway: Sendable {
  /// The rooms.
  public let rooms: RoomEngine
  /// For ``Edge/ReplayedClient``.
  public let rtmp: RTMPServices
  private let workers: MediaWorkers
  private let listeners: [(port: Int, id: Edge.ListenerID)]
  private let rules: RulesInForce
  private let store: StoreCopy?

  /// - Parameters:
  ///   - configuration: rooms, lists and keys; nil: each room there is a name for, open to all.
  ///   - environment: time, and where the control plane runs.
  ///   - secondsSince1970: the recorded time of day, by which keys are valid or not; nil: now.
  ///   - guarding: what is put before the gate, if anything.
  /// - Throws: `ConfigurationError` for a store that cannot be read.
  public init(
    _ configuration: Configuration?, environment: Environment, secondsSince1970: Int64? = nil,
    guarding: (any RoomGate) -> any RoomGate = { $0 }
  ) async throws(ConfigurationError) {
    var log = Logger(label: "replay") { _ in SwiftLogNoOpLogHandler() }
    log.logLevel = .critical
    workers = MediaWorkers(codecs: .caller)
    rules = RulesInForce(configuration?.access.rules ?? AccessRules())
    listeners = (configuration?.listeners ?? []).map { listener in
      (listener.address.value.port, Edge.ListenerID(rawValue: "\(listener.address.value)"))
    }
    rooms = RoomEngine(
      rooms: configuration?.rooms.settings ?? [:], otherRooms: configuration == nil ? .init() : nil,
      // What comes out is what the publisher sent: a picture that stands is not shown again.
      resources: RenditionResources(
        workers: workers, droppedFrames: Counter(), codecFailures: Counter(), standingPatience: .hours(24)),
      environment: environment)
    var gates: [any RoomGate] = [ListGate(rules: rules)]
    let closed = Set((configuration?.rooms ?? [:]).filter { !$0.value.isOpen }.keys)
    if let configuration, !closed.isEmpty {
      store = try await StoreCopy(of: configuration.store.sqlite)
    } else {
      store = nil
    }
    var clock = KeyGate.Clock(now: environment.now)
    if let secondsSince1970 { clock.seconds = { secondsSince1970 } }
    if let store {
      gates.append(
        KeyGate(store: store.keys, readiness: ReadinessBoard(), log: log, clock: clock, needsKey: closed.contains))
    }
    let sessions = LiveSessions()
    let entrance = Entrance(gate: guarding(GateRow(gates)), sessions: sessions)
    let known = configuration.map { Set($0.rooms.keys) }
    let metrics = GatewayMetrics()
    rtmp = RTMPServices(
      rooms: rooms, entrance: entrance, sessions: sessions, limits: RTMPLimits(),
      metrics: RTMPMetrics(
        bytesIn: Counter(), bytesOut: Counter(), malformedMedia: Counter(), uncarriedFrames: Counter(),
        connections: metrics.connections, uncarriedMedia: metrics.unsupportedMedia),
      log: log, knowsRoom: { known?.contains($0) ?? true })
  }

  /// Opens a client's connection on the environment's event loop, unless the lists refuse its address at the door.
  /// - Parameters:
  ///   - address: the recorded one.
  ///   - port: the one it came to in the recording: the listener there lets it in, or else the first one.
  ///   - said: takes what the gateway says.
  ///   - ended: told once why the gateway closes the connection.
  /// - Returns: nil when it was refused, after `ended` was told.
  public func connect(
    from address: String, to port: Int?, by door: DoorProtocol, on loop: any EventLoop,
    said: @escaping (ByteBuffer) -> Void,
    ended: @escaping (ConnectionReason) -> Void
  ) -> ReplayedClient? {
    let listener =
      listeners.first { $0.port == port }?.id ?? listeners.first?.id ?? Edge.ListenerID(rawValue: "replay")
    if let address = IPAddress(address) {
      switch rules.current.policy.decide(address, listener: listener.rawValue).reason {
      case nil: break
      case .blacklisted:
        ended(.blacklisted)
        return nil
      case .notWhitelisted:
        ended(.notWhitelisted)
        return nil
      }
    }
    return ReplayedClient(rtmp, door: door, listener: listener, address: address, on: loop, said: said, ended: ended)
  }

  /// Closes what it has opened; the copy of the store goes with it.
  public func close() {
    workers.shutDown()
    store?.remove()
  }
}

/// A copy of the key store, so that a replay uses no key up and waits for no running gateway.
private struct StoreCopy: Sendable {
  let keys: KeyStore
  private let folder: URL

  /// A store that is not there has no keys.
  init(of store: Located<String>) async throws(ConfigurationError) {
    folder = FileManager.default.temporaryDirectory.appending(path: "flashgate-replay-\(UUID().uuidString)")
    let copy = folder.appending(path: "keys.db").path
    do {
      try FileManager.default.createDirectory(
        at: folder, withIntermediateDirectories: false, attributes: [.posixPermissions: 0o700])
      // What is not yet in the file itself stands in the log beside it.
      for part in ["", "-wal", ".secret"] where FileManager.default.fileExists(atPath: store.value + part) {
        try FileManager.default.copyItem(atPath: store.value + part, toPath: copy + part)
      }
      keys = try await KeyStore.open(copy)
    } catch {
      try? FileManager.default.removeItem(at: folder)
      throw ConfigurationError(at: store.position, "the key store cannot be copied for a replay: \(error)")
    }
  }

  func remove() {
    keys.close()
    try? FileManager.default.removeItem(at: folder)
  }
}
