import AccessPolicy
import Edge
import Foundation
import Logging
import Media
import Metrics
import NIOCore
import NIOPosix
import RTMP
import RTP
import Rooms
import WebRTC

/// Everything behind the doors: rooms, codecs, media, and what counts them.
struct GatewayParts: Sendable {
  let configuration: Configuration
  let log: Logger
  let metrics: GatewayMetrics
  let readiness: ReadinessBoard
  let group: MultiThreadedEventLoopGroup
  let workers: MediaWorkers
  let rooms: RoomEngine
  let roomsInForce: RoomsInForce
  let reception: Reception
  let access: AccessKeeper
  let certificates: CertificateKeeper
  let webRTC: WebRTCServices

  var sessions: LiveSessions { reception.sessions }

  /// The cores that this process may use: NIO heeds a container's quota, but not the affinity (`taskset`, a service's
  /// `CPUAffinity`). Two loops on one core only take it from each other, at a switch for each message.
  private static var cores: Int {
    guard let status = try? String(contentsOfFile: "/proc/self/status", encoding: .utf8),
      let line = status.split(separator: "\n").first(where: { $0.hasPrefix("Cpus_allowed:") })
    else { return System.coreCount }
    let allowed = line.dropFirst("Cpus_allowed:".count).reduce(0) { $0 + ($1.hexDigitValue?.nonzeroBitCount ?? 0) }
    return max(1, min(System.coreCount, allowed))
  }

  /// - Parameter reread: reads the configuration file anew, for its rules of access.
  /// - Throws: `ConfigurationError` when the media port cannot be opened.
  static func assemble(
    _ configuration: Configuration, workers program: WorkerProgram?, reread: AccessKeeper.Reread?, log: Logger
  ) async throws -> GatewayParts {
    let metrics = GatewayMetrics()
    let readiness = ReadinessBoard()
    let rules = RulesInForce(configuration.access.rules)
    let roomsInForce = RoomsInForce(configuration.rooms)
    let group = MultiThreadedEventLoopGroup(numberOfThreads: Self.cores)
    let workers = MediaWorkers(count: Self.cores, codecs: CodecPlace(program, metrics: metrics, log: log))
    let resources = RenditionResources(
      workers: workers, droppedFrames: metrics.framesDropped("transcoder_busy"),
      codecFailures: metrics.framesDropped("codec_failed"))
    let rooms = RoomEngine(
      rooms: configuration.rooms.settings, resources: resources, environment: .live)
    do {
      let webRTC = try await openWebRTC(
        configuration, group: group, rules: rules, metrics: metrics, log: log)
      let reception = try await Reception.open(
        configuration, rules: rules, inForce: roomsInForce, rooms: rooms, metrics: metrics, readiness: readiness,
        log: log)
      let access = AccessKeeper(
        configuration.access, rules: rules,
        reread: reread.map {
          Self.taking(
            $0, over: configuration, rooms: roomsInForce, servesKeys: reception.keys != nil, readiness: readiness,
            log: log)
        },
        told: .init(metrics: metrics, readiness: readiness, audit: reception.audit, log: log)
      ) {
        // Not before the rules are in force: nobody comes into a new room past its lists.
        await rooms.configure(roomsInForce.current.settings)
        webRTC.plane.judgeAgain()
        return await reception.entrance.judgeAgain()
      }
      return GatewayParts(
        configuration: configuration, log: log, metrics: metrics, readiness: readiness, group: group,
        workers: workers, rooms: rooms, roomsInForce: roomsInForce, reception: reception, access: access,
        certificates: CertificateKeeper(readiness: readiness, log: log), webRTC: webRTC)
    } catch {
      workers.shutDown()
      try? await group.shutdownGracefully()
      throw error
    }
  }

  /// Reads the configuration anew, takes the rooms and the log's level from it, and says what else of it has to wait for a
  /// restart.
  private static func taking(
    _ reread: @escaping AccessKeeper.Reread, over old: Configuration, rooms: RoomsInForce, servesKeys: Bool,
    readiness: ReadinessBoard, log: Logger
  ) -> AccessKeeper.Reread {
    { () throws(ConfigurationError) in
      let new = try reread()
      GatewayLogging.change(to: new.log.level)
      let change = RoomsChange(from: rooms.current, to: new.rooms, servesKeys: servesKeys)
      rooms.replace(with: change.rooms)
      if !change.changed.isEmpty {
        log.notice("rooms changed", metadata: ["rooms": "\(change.changed.joined(separator: " "))"])
      }
      guard let sentence = ConfigurationChange(from: old, to: new, waitingRooms: change.waiting).sentence else {
        readiness.update { $0.clear(part: "configuration") }
        return new
      }
      readiness.update { $0.report(.init(part: "configuration", detail: sentence, isBlocking: false)) }
      log.warning("configuration kept as it was", metadata: ["reason": "\(sentence)"])
      return new
    }
  }

  private static func openWebRTC(
    _ configuration: Configuration, group: MultiThreadedEventLoopGroup, rules: RulesInForce, metrics: GatewayMetrics,
    log: Logger
  ) async throws -> WebRTCServices {
    var random = SystemRandomNumberGenerator()
    let certificate = try DTLSCertificate(using: &random)
    let port = configuration.webRTC.udpPort
    let media = MediaMetrics(
      audioPacketsOut: metrics.rtpPackets("out", "audio"), videoPacketsOut: metrics.rtpPackets("out", "video"),
      packetsIn: metrics.rtpPackets("in", "control"), lost: metrics.rtpLost(), srtpRejected: metrics.srtpRejected,
      delay: metrics.mediaDelay(), datagramsRefused: Counter(), sendCalls: Counter(),
      heldBack: metrics.framesDropped("receiver_slow"), slowLineDrops: metrics.framesDropped("slow_line"),
      tierChanges: metrics.tierChanges)
    let plane: MediaPlane
    do {
      plane = try await MediaPlane.bind(
        port: port.value, group: group, certificate: certificate, clock: .live, metrics: media, log: log,
        allows: { rules.current.policy.decide($0, room: $1).isAllowed })
    } catch let error as IOError {
      throw ConfigurationError.cannotListen(on: "UDP port \(port.value)", at: port.position, errno: error.errnoCode)
    }
    return WebRTCServices(
      plane: plane, certificate: certificate, candidates: configuration.candidates(udpPort: plane.port),
      iceServers: configuration.webRTC.iceServers)
  }

  /// What RTMP connections need.
  /// - Throws: when an old server is spoken to by TLS, and this machine trusts nobody.
  func rtmpServices() throws -> RTMPServices {
    var limits = RTMPLimits()
    limits.handshakeTimeout = .nanoseconds(configuration.limits.handshakeTimeout.wholeNanoseconds)
    var services = RTMPServices(
      rooms: rooms, entrance: reception.entrance, sessions: sessions, limits: limits,
      metrics: RTMPMetrics(
        bytesIn: metrics.rtmpBytes("in"), bytesOut: metrics.rtmpBytes("out"),
        malformedMedia: metrics.framesDropped("malformed"),
        uncarriedFrames: metrics.framesDropped("unsupported_codec"), connections: metrics.connections,
        uncarriedMedia: metrics.unsupportedMedia),
      log: log, knowsRoom: { [roomsInForce] in roomsInForce[$0] != nil })
    services.shadows = try shadowServices()
    return services
  }

  /// Nil when no room has an old server.
  private func shadowServices() throws -> ShadowServices? {
    let servers = configuration.rooms.compactMapValues(\.shadow)
    guard !servers.isEmpty else { return nil }
    return try ShadowServices(
      servers: servers,
      metrics: ShadowMetrics(
        sessions: metrics.shadowSessions(), outcomes: metrics.shadowOutcomes,
        publications: metrics.shadowPublications, bytesToServer: metrics.shadowBytes("to_server"),
        bytesToClient: metrics.shadowBytes("to_client"), differences: metrics.shadowDifferences),
      needsKey: roomsInForce.needsKey,
      differs: { [audit = reception.audit] session, difference in audit?.record(.shadow(session, difference)) })
  }

  /// What tunnelled RTMP needs.
  func tunnels(to rtmp: RTMPServices) -> Tunnels {
    var caps = TunnelCaps()
    caps.sessions = configuration.limits.sessions
    caps.sessionsPerAddress = configuration.limits.sessionsPerAddress
    caps.unconnectedPerAddress = min(caps.unconnectedPerAddress, caps.sessionsPerAddress)
    return Tunnels(rtmp: rtmp, caps: caps, metrics: TunnelMetrics(requests: metrics.tunnelRequests))
  }

  /// What browsers and players need.
  var signallingServices: SignallingServices {
    SignallingServices(rooms: rooms, entrance: reception.entrance, webRTC: webRTC, sessions: sessions, log: log)
  }

  func shutDown() async {
    await reception.close()
    await webRTC.plane.shutDown()
    workers.shutDown()
    try? await group.shutdownGracefully()
  }
}

extension [String: RoomConfiguration] {
  /// What the rooms are allowed to be.
  var settings: [RoomName: RoomEngine.RoomSettings] {
    var settings: [RoomName: RoomEngine.RoomSettings] = [:]
    for (name, room) in self {
      // The configuration's rule for names is the stricter one.
      guard let name = RoomName(name) else { continue }
      settings[name] = RoomEngine.RoomSettings(maximumParticipants: room.maximumParticipants)
    }
    return settings
  }
}

extension Configuration {
  /// What browsers are told to send to: the UDP port, and after it the listeners that carry media over TCP.
  fileprivate func candidates(udpPort: Int) -> [Candidate] {
    let listening = listeners.filter { $0.accept.contains(.ice) }.flatMap { listener in
      webRTC.addresses(of: listener.address.value).map { ($0, listener.address.value.port) }
    }
    let streams = listening.enumerated().map { index, place in
      Candidate.passiveTCP(
        address: place.0, port: UInt16(clamping: place.1), preference: 8191 - UInt16(clamping: min(index, 8191)))
    }
    return webRTC.candidates(port: udpPort) + streams
  }
}

extension WebRTCConfiguration {
  /// Where a listener can be reached: the configured addresses, or its own, or for one on all addresses this machine's.
  fileprivate func addresses(of listener: ListenAddress) -> [String] {
    if !advertisedAddresses.isEmpty { return advertisedAddresses }
    return ["0.0.0.0", "::"].contains(listener.host) ? Self.ownAddresses : [listener.host]
  }

  /// What browsers are told to send to: the configured addresses, or this machine's own.
  fileprivate func candidates(port: Int) -> [Candidate] {
    let addresses = advertisedAddresses.isEmpty ? Self.ownAddresses : advertisedAddresses
    return addresses.enumerated().map { index, address in
      Candidate.host(
        address: address, port: UInt16(clamping: port), preference: UInt16.max - UInt16(clamping: index))
    }
  }

  /// The addresses of this machine's interfaces; loopback last, for a browser on the same machine that reaches none of
  /// the others, because a firewall is in between or there is no network.
  private static var ownAddresses: [String] {
    let all = ((try? System.enumerateDevices()) ?? []).compactMap { $0.address?.ipAddress }
    var addresses: [String] = []
    for address in all where !address.hasPrefix("127.") && address != "::1" {
      // Link-local ones are of no use without the name of an interface.
      if !address.lowercased().hasPrefix("fe80:"), !addresses.contains(address) { addresses.append(address) }
    }
    return addresses + ["127.0.0.1"]
  }
}

extension NTPClock {
  /// The time of day, read once: a clock that is set later does not make sender reports jump.
  fileprivate static var live: NTPClock {
    let microseconds = Int64(Date().timeIntervalSince1970 * 1_000_000)
    return NTPClock(NTPTime(unixMicroseconds: microseconds), at: .now())
  }
}

extension Environment {
  /// The real time.
  fileprivate static var live: Environment {
    Environment(now: { .now() }, wait: { try? await Task.sleep(for: $0) })
  }
}
