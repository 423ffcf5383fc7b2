import ArgumentParser
import Foundation
import Replay

/// What is done with the results of a replay: comparison, golden files, summary, reports, exit code.
struct ReplayOutlet {
  struct Report {
    let path: String
    let form: any ReplayReport.Type
  }

  let golden: GoldenFolder?
  let updates: Bool
  let reports: [Report]

  /// Differences of a session that are printed; a report has them all.
  private static let mostLines = 20

  /// - Throws: an exit code when anything is not as it should be.
  func finish(_ run: ReplayRun) throws {
    var run = run
    if let golden {
      try Self.checkNames(run)
      for capture in run.captures.indices {
        for session in run.captures[capture].sessions.indices {
          let outcome = run.captures[capture].sessions[session]
          if updates, outcome.fault == nil {
            let isNew = try golden.update(outcome)
            print("\(outcome.result.name): \(isNew ? "golden result written" : "golden result kept")")
          }
          run.captures[capture].sessions[session] = golden.compared(outcome)
        }
      }
    }
    if !updates { Self.summarize(run, isCompared: golden != nil) }
    for report in reports {
      let text = try report.form.render(run)
      do {
        try Data(text.utf8).write(to: URL(filePath: report.path), options: .atomic)
      } catch {
        throw ReplayError.unwritable("\(report.path): \(error.systemWords)")
      }
    }
    if run.captures.contains(where: { $0.sessions.isEmpty }) { throw ExitReason.fault.code }
    if run.differs { throw ExitReason.no.code }
  }

  /// Golden files are named by session: two of one name would write over each other.
  private static func checkNames(_ run: ReplayRun) throws {
    var seen: Set<String> = []
    for name in run.captures.flatMap(\.sessions).map(\.result.name) where !seen.insert(name).inserted {
      throw ValidationError("two captures are named \(name): play them apart, or name one anew")
    }
  }

  private static func summarize(_ run: ReplayRun, isCompared: Bool) {
    let sessions = run.captures.flatMap(\.sessions)
    for session in sessions {
      if let fault = session.fault {
        print("\(session.result.name): \(fault)")
      } else if !isCompared {
        print("\(session.result.name): \(session.result.summary)")
      } else if session.differences.isEmpty {
        print("\(session.result.name): the same")
      } else {
        print("\(session.result.name): differs")
        for difference in session.differences.prefix(mostLines) { print("  \(difference)") }
        let rest = session.differences.count - mostLines
        if rest > 0 { print("  and \(rest) more") }
      }
    }
    let differing = sessions.count { $0.differs }
    let verdict = isCompared ? ", \(differing) \(differing == 1 ? "differs" : "differ")" : ""
    print("\(sessions.count) \(sessions.count == 1 ? "session" : "sessions")\(verdict)")
  }
}
