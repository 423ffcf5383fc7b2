import AccessPolicy
import Edge
import Logging

/// Keeps the rules of access up to date: reads them anew when somebody says so or a file changes, puts good ones in
/// force in one step, and has all who are there judged again. Bad ones change nothing, and it says so.
actor AccessKeeper {
  /// What made it read.
  enum Occasion: String, Sendable {
    case signal = "SIGHUP"
    case request = "API"
    case fileChange = "file_change"
  }

  /// What came of it.
  enum Outcome: Sendable {
    /// The new rules are in force; so many sessions were ended by them.
    case inForce(AccessRules, ended: Int)
    /// The old rules are in force.
    case kept(ConfigurationError)
  }

  /// Reads the configuration file anew, for the places that it names.
  typealias Reread = @Sendable () throws(ConfigurationError) -> Configuration

  /// What everybody reads.
  nonisolated let rules: RulesInForce

  private var configuration: AccessConfiguration
  private let reread: Reread?
  private let judgeAgain: @Sendable () async -> Int
  private let told: Told
  /// The files as they were when the rules in force, or bad ones after them, were read.
  private var stamps: FileStamps
  /// The lists that have a series of their own.
  private var counted: Set<String>

  /// Where the outcome is told.
  struct Told: Sendable {
    let metrics: GatewayMetrics
    let readiness: ReadinessBoard
    /// Nil when none is kept.
    var audit: AuditLog?
    let log: Logger
  }

  /// Starts with the rules that were read with the configuration.
  /// - Parameters:
  ///   - reread: nil: the places stay as they are.
  ///   - judgeAgain: puts all who are there to the rules and ends those who may not stay; says how many.
  init(
    _ configuration: AccessConfiguration, rules: RulesInForce, reread: Reread?, told: Told,
    judgeAgain: @escaping @Sendable () async -> Int
  ) {
    self.configuration = configuration
    self.rules = rules
    self.reread = reread
    self.told = told
    self.judgeAgain = judgeAgain
    stamps = FileStamps(of: configuration.paths)
    rules.replace(with: configuration.rules)
    counted = Self.count(configuration.rules.policy, besides: [], in: told.metrics)
    Self.record(configuration.rules.policy, by: "start", in: told.audit)
  }

  /// Reads the rules anew; on a file's change only the lists and policies, otherwise the configuration too.
  @discardableResult
  func reload(_ occasion: Occasion) async -> Outcome {
    let outcome: Outcome
    do throws(ConfigurationError) {
      stamps = FileStamps(of: configuration.paths)
      if occasion != .fileChange, let reread {
        configuration = try reread().access
        stamps = FileStamps(of: configuration.paths)
      } else {
        configuration.rules = try configuration.load()
      }
      rules.replace(with: configuration.rules)
      outcome = .inForce(configuration.rules, ended: await judgeAgain())
    } catch {
      outcome = .kept(error)
    }
    tell(outcome, occasion)
    return outcome
  }

  /// Looks at the files again and again until cancelled. A change counts when the files have stood still for a while:
  /// whoever writes a list in place is not caught in the middle.
  func watch(every interval: Duration = .milliseconds(500)) async {
    var last = stamps
    while !Task.isCancelled {
      try? await Task.sleep(for: interval)
      let now = FileStamps(of: configuration.paths)
      if now == last, now != stamps { await reload(.fileChange) }
      last = now
    }
  }

  private func tell(_ outcome: Outcome, _ occasion: Occasion) {
    switch outcome {
    case .inForce(let rules, let ended):
      counted = Self.count(rules.policy, besides: counted, in: told.metrics)
      Self.record(rules.policy, by: occasion.actor, in: told.audit)
      told.readiness.update { $0.clear(part: Self.part) }
      let lists = rules.policy.all
      told.log.notice(
        "access rules in force",
        metadata: [
          "occasion": "\(occasion.rawValue)", "whitelist": "\(lists.whitelist.count)",
          "blacklist": "\(lists.blacklist.count)", "ended": "\(ended)",
        ])
    case .kept(let error):
      let first = error.problems.first.map(\.description) ?? "\(error)"
      let more = error.problems.count > 1 ? " (and \(error.problems.count - 1) more)" : ""
      told.readiness.update {
        $0.report(.init(part: Self.part, detail: first + more, isBlocking: false))
      }
      for problem in error.problems.prefix(20) {
        told.log.error(
          "access rules kept as they were", metadata: ["occasion": "\(occasion.rawValue)", "reason": "\(problem)"])
      }
    }
  }

  private static let part = "access"

  private static func record(_ policy: AccessPolicy, by actor: String, in audit: AuditLog?) {
    guard let audit else { return }
    let entries = policy.levels.reduce(0) { sum, level in
      let lists = policy.lists(of: level)
      return sum + lists.whitelist.count + lists.blacklist.count
    }
    audit.record(.lists(hash: AuditChain.hash(of: policy.canonicalForm), entries: entries, actor: actor))
  }

  /// - Returns: the lists that have a series now; those of `former` that have none any more are forgotten.
  private static func count(
    _ policy: AccessPolicy, besides former: Set<String>, in metrics: GatewayMetrics
  ) -> Set<String> {
    var names: Set<String> = []
    for level in policy.levels {
      let lists = policy.lists(of: level)
      // A level without lists of its own is not worth two series.
      guard level == .all || !lists.whitelist.isEmpty || !lists.blacklist.isEmpty else { continue }
      for kind in ListKind.allCases {
        let name = level == .all ? kind.rawValue : "\(level) \(kind.rawValue)"
        metrics.policyEntries(name).set(Int64(lists[kind].count))
        names.insert(name)
      }
    }
    for name in former.subtracting(names) { metrics.policyEntries.remove(name) }
    metrics.policyReloadTime().set(LogTime.now().seconds)
    return names
  }
}

extension AccessKeeper.Occasion {
  /// As the audit names whoever had it read.
  fileprivate var actor: String {
    switch self {
    case .signal: "sighup"
    case .request: "api"
    case .fileChange: "file"
    }
  }
}
