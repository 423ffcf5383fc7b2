import HTTPTypes
import Logging
import NIOCore
import RTMPTunnel

/// One tunnelled RTMP client: carries its session over requests that may come by any number of connections.
///
/// Confined to one event loop; requests of other loops' connections are handed over. ``RTMPTunnel/TunnelSession`` decides,
/// this object does.
final class TunnelConnection {
  let eventLoop: any EventLoop
  private let id: TunnelSessionID
  private var identity: SessionIdentity
  private let services: Tunnels.Services
  private let register: TunnelRegister
  private let connection: RTMPConnection
  private var session: TunnelSession
  private var place: TunnelPlace
  private var waiting: [(number: UInt32, answer: TunnelAnswer)] = []
  private var timer: (deadline: NIODeadline, task: Scheduled<Void>)?
  private var reason: ConnectionReason?
  private var phase = Phase.open
  /// Whether more waits for the client than is comfortable.
  private var wasFull = false
  /// Whether the first byte inside is still to come, which tells RTMP from RTMPE.
  private var isUnrecognized = true

  private enum Phase {
    case open
    /// RTMP has said its last word; the client is waited for, not for long.
    case ending
    /// Nothing is left but the last answer, for a client that did not get it.
    case remembered
    case gone
  }

  /// Requests that wait for the same answer; an older one's connection is broken, in all likelihood.
  private static let waitingForOne = 4
  /// Bytes that may wait for the client's requests before others are told to wait.
  private static let comfortable = 512 << 10
  private static let farewellTime = TimeAmount.seconds(5)
  /// RTMPE in HTTP: no door of its own, for only the first byte inside tells it.
  private static let rtmpte = "rtmpte"

  init(
    id: TunnelSessionID, identity: SessionIdentity, place: TunnelPlace, services: Tunnels.Services,
    register: TunnelRegister, eventLoop: any EventLoop, allowsEncryption: Bool
  ) {
    self.id = id
    self.identity = identity
    self.place = place
    self.services = services
    self.register = register
    self.eventLoop = eventLoop
    let now = NIODeadline.now()
    connection = RTMPConnection(
      services: services.rtmp, identity: identity, allowsEncryption: allowsEncryption, now: now)
    session = TunnelSession(limits: services.limits, now: now)
  }

  func start() {
    connection.start(on: self)
    rearm()
  }

  // MARK: Requests

  /// Takes a request whose client was let in; the answer may be given later.
  func receive(_ kind: TunnelRequest.Kind, number: UInt32, body: ByteBuffer, answer: TunnelAnswer) {
    let arrival: TunnelSession.Arrival
    do {
      arrival = try session.receive(kind, number: number, at: .now())
    } catch .wrongNumber {
      services.metrics.count(.outOfOrder)
      let problem = ProblemDocument(status: .conflict, detail: "the requests of a session come in order")
      return answer.succeed(problem.response())
    } catch {
      services.metrics.count(.unknownSession)
      return answer.succeed(.noTunnelSession)
    }
    switch arrival {
    case .fresh:
      services.metrics.count(.init(kind))
      wait(answer, for: number)
      if kind == .send, body.readableBytes > 0 {
        recognize(body)
        connection.receive(body)
      }
      deliver()
    case .awaited:
      services.metrics.count(.repeated)
      wait(answer, for: number)
    case .repeated(let reply):
      services.metrics.count(.repeated)
      answer.succeed(.tunnel(reply.body))
      rearm()
    case .closed(let reply):
      services.metrics.count(.close)
      // No broken line says this: whoever closes a tunnel does not come back by another. ffmpeg says no other goodbye.
      connection.stop(.orderly)
      // Whoever has the answer finds the session gone.
      close(.clientClosed)
      answer.succeed(.tunnel(reply.body))
    }
  }

  private func recognize(_ body: ByteBuffer) {
    guard isUnrecognized else { return }
    isUnrecognized = false
    guard identity.door == DoorProtocol.rtmpt.rawValue, case .rtmpe? = FirstBytes.judge(body.readableBytesView)
    else { return }
    identity.door = Self.rtmpte
    connection.recognize(identity)
  }

  private func wait(_ answer: TunnelAnswer, for number: UInt32) {
    if waiting.count >= Self.waitingForOne { waiting.removeFirst().answer.succeed(.noTunnelSession) }
    waiting.append((number, answer))
  }

  /// Gives the answers that are due.
  private func deliver() {
    let now = NIODeadline.now()
    while let reply = session.reply(at: now) {
      stopIfAllIsSaid()
      for waiter in waiting where waiter.number == reply.number { waiter.answer.succeed(.tunnel(reply.body)) }
      waiting.removeAll { $0.number == reply.number }
    }
    stopIfAllIsSaid()
    rearm()
    if wasFull, isWritable {
      wasFull = false
      connection.writabilityChanged()
    }
  }

  private func stopIfAllIsSaid() {
    guard session.isOver, case .ending = phase else { return }
    connection.stop()
    phase = .remembered
  }

  // MARK: Time

  /// One task waits for the nearest deadline; it is replaced only when that comes nearer.
  private func rearm() {
    guard case .open = phase, let deadline = session.deadline else { return }
    if let timer, timer.deadline <= deadline { return }
    timer?.task.cancel()
    timer = (deadline, eventLoop.assumeIsolated().scheduleTask(deadline: deadline) { self.timerFired() })
  }

  private func timerFired() {
    timer = nil
    do {
      try session.elapsed(at: .now())
    } catch {
      return close(.idle)
    }
    deliver()
  }

  // MARK: The end

  private func end() {
    guard phase != .gone else { return }
    phase = .gone
    session.end()
    timer?.task.cancel()
    timer = nil
    register.forget(id)
    place.leave()
    connection.stop()
    tell()
    for waiter in waiting { waiter.answer.succeed(.noTunnelSession) }
    waiting = []
  }

  private func tell() {
    let reason = reason ?? .finished
    if !place.wasConnected { services.rtmp.metrics.connections(identity.door, "denied", reason.rawValue).add() }
    let counts = session.counts
    services.rtmp.log.info(
      "tunnel closed",
      metadata: [
        "session": "\(identity.id)", "address": "\(identity.address)", "protocol": "\(identity.door)",
        "reason": "\(reason)", "sends": "\(counts.sends)", "polls": "\(counts.polls)",
        "empty_polls": "\(counts.emptyPolls)", "repeats": "\(counts.repeats)", "refusals": "\(counts.refusals)",
      ])
  }
}

extension TunnelConnection: RTMPTransport {
  func established() {
    place.connect()
    services.rtmp.metrics.connections(identity.door, "allowed", "none").add()
  }

  func note(_ reason: ConnectionReason) {
    if self.reason == nil { self.reason = reason }
  }

  var isWritable: Bool { session.queuedBytes < Self.comfortable }

  func write(_ bytes: ByteBuffer) {
    do {
      try session.send(bytes)
      if !isWritable { wasFull = true }
    } catch .ended {
      // What is said after the end is said to nobody.
    } catch {
      close(.tooSlow)
    }
  }

  func flush() { deliver() }

  func finish() {
    guard case .open = phase else { return }
    phase = .ending
    session.finish()
    deliver()
    timer?.task.cancel()
    let deadline = NIODeadline.now() + Self.farewellTime
    timer = (deadline, eventLoop.assumeIsolated().scheduleTask(deadline: deadline) { self.end() })
  }

  func close(_ reason: ConnectionReason) {
    note(reason)
    end()
  }
}
