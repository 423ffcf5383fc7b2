import Foundation
import Gateway
import NIOCore
import Rooms

/// Plays all sessions of a capture to a gateway of its own, in virtual time and at their recorded distances, and says
/// what came of each.
///
/// Everything happens on the calling thread, in one order: the same capture gives the same results to the byte. Time
/// moves on when nothing is left to do, so no frame is dropped because codecs take their time.
public struct CaptureRehearsal: Sendable {
  /// What is kept of the media that receivers get, each more than the one before.
  public enum Detail: Sendable, Comparable {
    /// Numbers, times and digests of whole tracks, which do not grow with their length.
    case totals
    /// What is in each second besides, to be compared.
    case seconds
    /// And a small picture of each, for a report.
    case thumbnails
  }

  /// How a replay goes about it.
  public struct Options: Sendable {
    /// Rooms, lists and keys of the gateway; nil: every room is there and open.
    public var configuration: Configuration?
    /// What is kept of the media that receivers get.
    public var detail = Detail.seconds
    /// How fast time runs at most.
    public var pace = ReplayPace.max

    /// An open gateway, no pictures, as fast as it goes.
    public init() {}
  }

  private let parts: [PlayedSession.Part]
  /// Seconds since 1970 at the capture's begin; nil where it has no times of day.
  private let timeOfDay: Int64?
  private let options: Options

  /// - Parameters:
  ///   - name: the capture's, from which its sessions are named: `name` if there is one, or else `name-1`, `name-2`, ...
  ///   - sessions: those of the capture, in the order in which they began.
  public init(name: String, sessions: [RecordedSession], options: Options = Options()) {
    self.options = options
    let begin = sessions.map(\.recordedBegin).min() ?? 0
    timeOfDay = begin > 0 ? begin / 1_000_000 : nil
    parts = sessions.enumerated().map { index, session in
      PlayedSession.Part(
        name: Self.name(of: index, in: name, among: sessions.count), session: session,
        offset: min(max(0, session.recordedBegin - begin), RecordedSession.longest))
    }
  }

  /// The name of a session of a capture.
  /// - Parameters:
  ///   - index: its place, from 0.
  ///   - count: how many there are.
  public static func name(of index: Int, in capture: String, among count: Int) -> String {
    count == 1 ? capture : "\(capture)-\(index + 1)"
  }

  /// Microseconds of recording, all sessions together.
  public var duration: Int64 { parts.reduce(0) { $0 + $1.session.duration } }

  /// Plays; blocks the calling thread.
  /// - Parameter progress: told now and then how many microseconds of recording are played.
  /// - Returns: an outcome for each session, in their order.
  /// - Throws: `ConfigurationError` for a key store that cannot be read.
  public func run(progress: (Int64) -> Void = { _ in }) throws(ConfigurationError) -> [SessionOutcome] {
    let loop = VirtualLoop()
    let opened = loop.drive { Self.open(options, timeOfDay, on: loop) }
    switch opened {
    case .failure(let error): throw error
    case .success(let (gateway, stage)):
      defer { gateway.close() }
      return loop.drive { play(to: gateway, stage, on: loop, progress) }
    }
  }

  private static func open(
    _ options: Options, _ timeOfDay: Int64?, on loop: VirtualLoop
  ) -> Result<(RehearsalGateway, NIOLoopBound<ReplayStage>), ConfigurationError> {
    let environment = Environment(
      now: { loop.now }, wait: { await loop.sleep(for: $0) }, start: { loop.start($0) })
    let stage = NIOLoopBound(ReplayStage(), eventLoop: loop)
    let usher = Usher(loop: loop)
    let outcome = loop.complete { () async -> Result<RehearsalGateway, ConfigurationError> in
      do throws(ConfigurationError) {
        return .success(
          try await RehearsalGateway(
            options.configuration, environment: environment, secondsSince1970: timeOfDay,
            guarding: { usher.guarding($0) }))
      } catch {
        return .failure(error)
      }
    }
    guard let outcome else { return .failure(ConfigurationError(problems: [])) }
    return outcome.map { gateway in
      usher.serve(ReplayAudience(rooms: gateway.rooms, stage: stage))
      return (gateway, stage)
    }
  }

  // MARK: Playing

  private func play(
    to gateway: RehearsalGateway, _ stage: NIOLoopBound<ReplayStage>, on loop: VirtualLoop, _ progress: (Int64) -> Void
  ) -> [SessionOutcome] {
    let begin = loop.now
    let brake = Brake(options.pace)
    let sessions = parts.map { PlayedSession($0, from: begin, detail: options.detail) }
    var steps = 0
    while sessions.contains(where: { !$0.isOver }) {
      loop.settle()
      let next = Self.next(of: sessions)
      if let timer = loop.nextDeadline, timer <= (next?.deadline ?? .distantFuture) {
        loop.advance(to: timer)
        continue
      }
      guard let next else {
        sessions.forEach { $0.giveUp() }
        break
      }
      brake.wait(until: next.deadline - begin)
      loop.advance(to: next.deadline)
      stage.value.speaking = next.session
      next.session.step(gateway, on: loop)
      loop.settle()
      steps += 1
      if steps % Self.stepsOfNews == 0 { progress(sessions.reduce(0) { $0 + $1.progress }) }
    }
    Self.runOut(loop)
    progress(duration)
    return sessions.map { $0.finish() }
  }

  /// The session that is due first; of several the one that began first.
  private static func next(of sessions: [PlayedSession]) -> (session: PlayedSession, deadline: NIODeadline)? {
    var nearest: (session: PlayedSession, deadline: NIODeadline)?
    for session in sessions {
      guard let deadline = session.deadline else { continue }
      if nearest.map({ deadline < $0.deadline }) ?? true { nearest = (session, deadline) }
    }
    return nearest
  }

  /// Lets those who wait in virtual time come to their ends, so that nothing of the replay stays in memory.
  private static func runOut(_ loop: VirtualLoop) {
    loop.settle()
    var rounds = 0
    while let timer = loop.nextDeadline, rounds < 10_000 {
      loop.advance(to: timer)
      loop.settle()
      rounds += 1
    }
  }

  private static let stepsOfNews = 256
}

/// Keeps virtual time from running ahead of a pace.
private struct Brake {
  private let pace: ReplayPace
  private let began = ContinuousClock.now

  init(_ pace: ReplayPace) { self.pace = pace }

  /// Blocks until so much of virtual time may have passed.
  func wait(until time: TimeAmount) {
    let nanoseconds = pace.nanoseconds(ofMicroseconds: time.nanoseconds / 1000)
    guard nanoseconds > 0 else { return }
    let left = .nanoseconds(nanoseconds) - (ContinuousClock.now - began)
    if left > .zero { Thread.sleep(forTimeInterval: left / .seconds(1)) }
  }
}
