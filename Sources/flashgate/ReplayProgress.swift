import Foundation
import Synchronization

/// How far a replay has come: a bar on a terminal, a line for each capture elsewhere. On standard error.
final class ReplayProgress: Sendable {
  private struct State {
    /// Microseconds of recording by capture: all, and those that are played.
    var captures: [Int: (duration: Int64, played: Int64)] = [:]
    var ended = 0
    var drawn = ""
  }

  private let count: Int
  private let began = ContinuousClock.now
  private let isTerminal = isatty(STDERR_FILENO) == 1
  private let state = Mutex(State())

  init(captures: Int) { count = captures }

  func began(_ capture: Int, of duration: Int64) {
    state.withLock { state in
      state.captures[capture] = (duration, 0)
      draw(&state)
    }
  }

  func reached(_ played: Int64, in capture: Int) {
    state.withLock { state in
      state.captures[capture]?.played = played
      draw(&state)
    }
  }

  func ended(_ capture: Int, path: String) {
    state.withLock { state in
      state.ended += 1
      let duration = state.captures[capture]?.duration ?? 0
      state.captures[capture]?.played = duration
      if isTerminal { return draw(&state) }
      StandardStreams.printError("\(path): played \(Self.seconds(duration)) s (\(state.ended) of \(count))")
    }
  }

  /// A capture that could not be played; the line stays above the bar.
  func failed(_ line: String) {
    state.withLock { state in
      state.ended += 1
      erase(&state)
      StandardStreams.printError(line)
      draw(&state)
    }
  }

  /// All is played.
  func finish() {
    state.withLock { state in
      erase(&state)
      let played = state.captures.values.reduce(0) { $0 + $1.played }
      guard played > 0 else { return }
      let took = Double((ContinuousClock.now - began) / .microseconds(1))
      let rate = took > 0 ? Int((Double(played) / took).rounded()) : 0
      StandardStreams.printError(
        "\(Self.seconds(played)) s of recording in \(Self.seconds(Int64(took))) s: \(rate) times as fast")
    }
  }

  private func draw(_ state: inout State) {
    guard isTerminal else { return }
    let all = state.captures.values.reduce(0) { $0 + max($1.duration, 1) }
    let played = state.captures.values.reduce(0) { $0 + $1.played }
    // Captures that are not yet read are taken to be as long as the others.
    let known = Double(state.captures.count) / Double(max(count, 1))
    let share = min(1, Double(played) / Double(max(all, 1)) * known)
    let filled = Int(share * Double(Self.width))
    let bar = String(repeating: "#", count: filled) + String(repeating: " ", count: Self.width - filled)
    let line = "[\(bar)] \(Int(share * 100)) %, \(state.ended) of \(count) captures"
    guard line != state.drawn else { return }
    state.drawn = line
    FileHandle.standardError.write(Data("\r\(line)\u{1B}[K".utf8))
  }

  private func erase(_ state: inout State) {
    guard isTerminal, !state.drawn.isEmpty else { return }
    state.drawn = ""
    FileHandle.standardError.write(Data("\r\u{1B}[K".utf8))
  }

  private static func seconds(_ microseconds: Int64) -> Double { (Double(microseconds) / 10_000).rounded() / 100 }

  private static let width = 40
}
