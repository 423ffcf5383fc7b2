import ArgumentParser
import Foundation
import NIOCore
import NIOPosix
import Replay
import UnixSignals

/// Captures played to a running gateway, all at once.
struct ReplayPerformance {
  let client: ReplayClient
  let captures: [String]
  /// Keys of TLS sessions in them.
  let keyLog: String?
  let isLooped: Bool
  /// Whether anybody wants to know what was seen: then a gateway that closes early is a result and no failure.
  let isCompared: Bool

  /// - Returns: what was seen; nil when nobody wants to know, or a signal ended it.
  /// - Throws: an exit code when it failed.
  func run() async throws -> ReplayRun? {
    let files = try captures.map { try CaptureFile(path: $0, keyLog: keyLog) }
    let recordings = files.flatMap(Recording.all(in:))
    let signals = await UnixSignalsSequence(trapping: .sigint, .sigterm)
    let ending = await withTaskGroup(of: Ending.self) { group -> Ending in
      group.addTask {
        for await _ in signals { return .stopped }
        return .stopped
      }
      group.addTask { await play(recordings) }
      defer { group.cancelAll() }
      return await group.next() ?? .stopped
    }
    switch ending {
    case .stopped: return nil
    case .failed(let reason): throw reason.code
    case .played(let results):
      guard isCompared else { return nil }
      return ReplayRun(captures: files.map { Self.outcome($0, results) })
    }
  }

  private enum Ending: Sendable {
    case stopped
    /// By ``Recording/id``.
    case played([String: SessionResult])
    case failed(ExitReason)
  }

  /// What goes wrong with one is told at once; in a loop it ends all, otherwise the others play on.
  private func play(_ recordings: [Recording]) async -> Ending {
    let group = MultiThreadedEventLoopGroup.singleton
    return await withTaskGroup(of: Recording.Outcome.self) { tasks in
      for recording in recordings {
        tasks.addTask { await recording.play(by: client, on: group, isLooped: isLooped, isCompared: isCompared) }
      }
      var results: [String: SessionResult] = [:]
      var failure: ExitReason?
      for await outcome in tasks {
        switch outcome {
        case .played(let id, let result): results[id] = result
        case .cancelled: break
        case .failed(let reason):
          failure = failure ?? reason
          if isLooped { tasks.cancelAll() }
        }
      }
      return failure.map(Ending.failed) ?? .played(results)
    }
  }

  private static func outcome(_ file: CaptureFile, _ results: [String: SessionResult]) -> CaptureOutcome {
    let sessions = Recording.all(in: file).compactMap { recording in
      results[recording.id].map { SessionOutcome(result: $0, duration: recording.session.duration) }
    }
    return CaptureOutcome(
      path: file.path, notices: file.contents.notices.map(\.description), sessions: sessions)
  }
}

/// A recorded session with a name for people.
private struct Recording: Sendable {
  enum Outcome: Sendable {
    case played(id: String, SessionResult)
    case cancelled
    case failed(ExitReason)
  }

  let id: String
  let name: String
  let resultName: String
  let session: RecordedSession

  static func all(in file: CaptureFile) -> [Recording] {
    let stem = URL(filePath: file.path).deletingPathExtension().lastPathComponent
    return file.contents.sessions.enumerated().map { index, session in
      Recording(
        id: "\(file.path)#\(index)", name: file.name(of: index),
        resultName: CaptureRehearsal.name(of: index, in: stem, among: file.contents.sessions.count), session: session)
    }
  }

  /// Says what is played once, however often it is.
  func play(by client: ReplayClient, on group: any EventLoopGroup, isLooped: Bool, isCompared: Bool) async -> Outcome {
    let seconds = (Double(session.duration) / 100_000).rounded() / 10
    let manner = isLooped ? ", again and again" : ""
    StandardStreams.printError("\(name): playing \(seconds) s, \(session.byteCount) bytes\(manner)")
    do {
      while true {
        let observation = try await client.observe(session, named: resultName, on: group)
        if let time = observation.closedAfterMilliseconds, !isCompared {
          throw ReplayError.closedByServer(afterMilliseconds: time)
        }
        guard isLooped else {
          StandardStreams.printError("\(name): done")
          return .played(id: id, observation.result)
        }
      }
    } catch let error as ReplayError {
      StandardStreams.printError("\(name): \(error)")
      if case .closedByServer = error { return .failed(.no) }
      return .failed(.fault)
    } catch {
      return .cancelled
    }
  }
}
