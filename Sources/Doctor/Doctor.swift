import NIOCore
import NIOPosix

/// Tries the ways in, one after the other, as a player does.
public struct Doctor: Sendable {
  private let url: LegacyURL
  private let patience: Duration
  private let group: any EventLoopGroup

  /// - Parameters:
  ///   - patience: for each way. Players wait longer; an operator wants to know sooner.
  ///   - group: where connections live.
  public init(
    url: LegacyURL, patience: Duration = .seconds(3), group: any EventLoopGroup = MultiThreadedEventLoopGroup.singleton
  ) {
    self.url = url
    self.patience = patience
    self.group = group
  }

  /// The findings, each as soon as it is there.
  public func examine(found: (Finding) -> Void = { _ in }) async -> [Finding] {
    var findings: [Finding] = []
    for way in Way.all(for: url) {
      let finding = await examine(way)
      found(finding)
      findings.append(finding)
    }
    return findings
  }

  private func examine(_ way: Way) async -> Finding {
    let visit = Visit(way: way, url: url, group: group)
    let (patience, unhurried) = (patience, visit)
    await withTaskGroup(of: Void.self) { tasks in
      tasks.addTask { await unhurried.run() }
      tasks.addTask {
        try? await Task.sleep(for: patience)
        unhurried.note { finding in
          if finding.problem == nil, finding.stage < .refused { finding.problem = "no answer within \(patience)" }
        }
      }
      await tasks.next()
      tasks.cancelAll()
    }
    return visit.finding
  }
}
