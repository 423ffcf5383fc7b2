import Foundation
import Gateway
import Replay
import Synchronization

/// Captures played to gateways inside of this program, several at once, each on a thread of its own.
struct ReplayRehearsal {
  let captures: [String]
  /// Keys of TLS sessions in them.
  let keyLog: String?
  let options: CaptureRehearsal.Options
  let jobs: Int

  /// What the threads share.
  private final class Board: Sendable {
    struct State {
      var next = 0
      var outcomes: [CaptureOutcome?]
      var failure: ConfigurationError?
    }

    let state: Mutex<State>

    init(captures: Int) { state = Mutex(State(outcomes: Array(repeating: nil, count: captures))) }
  }

  /// - Throws: `ConfigurationError` for a key store that cannot be read.
  func run() async throws -> ReplayRun {
    let progress = ReplayProgress(captures: captures.count)
    let board = Board(captures: captures.count)
    await withTaskGroup(of: Void.self) { group in
      for _ in 0..<max(1, jobs) {
        group.addTask {
          await withCheckedContinuation { continuation in
            Thread.detachNewThread {
              work(board, progress)
              continuation.resume()
            }
          }
        }
      }
    }
    progress.finish()
    let (outcomes, failure) = board.state.withLock { ($0.outcomes, $0.failure) }
    if let failure { throw failure }
    return ReplayRun(captures: outcomes.compactMap { $0 })
  }

  /// Takes one capture after the other until there is none left.
  private func work(_ board: Board, _ progress: ReplayProgress) {
    while true {
      let index = board.state.withLock { state in
        defer { state.next += 1 }
        return state.failure == nil ? state.next : captures.count
      }
      guard index < captures.count else { return }
      do throws(ConfigurationError) {
        let outcome = try play(captures[index], number: index, progress)
        board.state.withLock { $0.outcomes[index] = outcome }
      } catch {
        board.state.withLock { $0.failure = error }
      }
    }
  }

  private func play(
    _ path: String, number: Int, _ progress: ReplayProgress
  ) throws(ConfigurationError) -> CaptureOutcome {
    let file: CaptureFile
    do {
      file = try CaptureFile(path: path, keyLog: keyLog)
    } catch {
      progress.failed("flashgate: \(error)")
      return CaptureOutcome(path: path, notices: ["\(error)"], sessions: [])
    }
    let name = URL(filePath: path).deletingPathExtension().lastPathComponent
    let rehearsal = CaptureRehearsal(name: name, sessions: file.contents.sessions, options: options)
    progress.began(number, of: rehearsal.duration)
    let sessions = try rehearsal.run { progress.reached($0, in: number) }
    progress.ended(number, path: path)
    return CaptureOutcome(path: path, notices: file.contents.notices.map(\.description), sessions: sessions)
  }
}
