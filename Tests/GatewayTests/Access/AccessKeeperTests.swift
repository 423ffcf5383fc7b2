import AccessPolicy
import Foundation
import Logging
import Synchronization
import Testing

@testable import Gateway

@Suite(.timeLimit(.minutes(4))) struct AccessKeeperTests {
  private final class Stage: Sendable {
    let folder: ConfigurationFolder
    let metrics = GatewayMetrics()
    let readiness = ReadinessBoard(Readiness(phase: .ready))
    let rules: RulesInForce
    let keeper: AccessKeeper

    init() throws {
      let folder = try ConfigurationFolder()
      try folder.write("10.0.0.0/8\n10.0.0.1 # twice\n", to: "white.txt")
      self.folder = folder
      let configuration = try Self.configuration(folder)
      rules = RulesInForce()
      let judgement = Judgement()
      keeper = AccessKeeper(
        configuration.access, rules: rules,
        reread: { () throws(ConfigurationError) in try Self.configuration(folder) },
        told: .init(
          metrics: metrics, readiness: readiness, log: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
      ) {
        judgement.count.withLock { $0 += 1 }
        return 7
      }
      self.judgement = judgement
    }

    private let judgement: Judgement
    var judgements: Int { judgement.count.withLock { $0 } }

    private final class Judgement: Sendable { let count = Mutex(0) }

    static func configuration(_ folder: ConfigurationFolder) throws(ConfigurationError) -> Configuration {
      let isNarrow = FileManager.default.fileExists(atPath: folder.path + "/narrow")
      let room = "{ open: true\(isNarrow ? ", access: { blacklist: [10.8.0.0/16] }" : "") }"
      return try folder.parse(
        """
        listeners: [{ address: 0.0.0.0:1935, accept: [rtmp] }]
        rooms: { demo: \(room) }
        access: { whitelist: [white.txt], blacklist: [10.9.0.0/16] }
        """)
    }

    func allows(_ address: UInt32) -> Bool { rules.current.policy.decide(.v4(address)).isAllowed }
    var entries: String { metrics.registry.exposition() }
  }

  @Test func goodRulesComeIntoForceAndAllAreJudgedAgain() async throws {
    let stage = try Stage()
    #expect(stage.allows(0x0A00_0001))
    #expect(stage.entries.contains("flashgate_policy_entries{list=\"whitelist\"} 2"))
    try stage.folder.write("192.0.2.0/24\n", to: "white.txt")
    guard case .inForce(_, ended: 7) = await stage.keeper.reload(.request) else { return #expect(Bool(false)) }
    #expect(!stage.allows(0x0A00_0001))
    #expect(stage.allows(0xC000_0201))
    #expect(stage.judgements == 1)
    #expect(stage.entries.contains("flashgate_policy_entries{list=\"whitelist\"} 1"))
    #expect(stage.entries.contains("flashgate_policy_entries{list=\"blacklist\"} 1"))
  }

  @Test func theSeriesOfALevelWithoutListsVanish() async throws {
    let stage = try Stage()
    let series = "flashgate_policy_entries{list=\"room demo blacklist\"} 1"
    try stage.folder.write("", to: "narrow")
    await stage.keeper.reload(.signal)
    #expect(stage.entries.contains(series))
    try FileManager.default.removeItem(atPath: stage.folder.path + "/narrow")
    await stage.keeper.reload(.signal)
    #expect(!stage.entries.contains("room demo"))
  }

  @Test func aBrokenFileLeavesTheOldRulesInForceAndReadinessSaysSo() async throws {
    let stage = try Stage()
    try stage.folder.write("192.0.2.0/24\nnonsense\n", to: "white.txt")
    for occasion in [AccessKeeper.Occasion.signal, .fileChange] {
      guard case .kept(let error) = await stage.keeper.reload(occasion) else { return #expect(Bool(false)) }
      #expect(error.problems.map(\.position.line) == [2])
      #expect(stage.allows(0x0A00_0001))
      #expect(stage.judgements == 0)
    }
    #expect(stage.readiness.current.isReady)
    #expect(stage.readiness.current.faults.first?.detail.contains("white.txt:2:1") == true)
    try stage.folder.write("192.0.2.0/24\n", to: "white.txt")
    await stage.keeper.reload(.signal)
    #expect(stage.readiness.current.faults.isEmpty)
    #expect(stage.allows(0xC000_0201))
  }

  @Test func aFileThatChangesIsReadByItself() async throws {
    let stage = try Stage()
    let watch = Task { await stage.keeper.watch(every: .milliseconds(5)) }
    defer { watch.cancel() }
    try stage.folder.write("192.0.2.0/24\n# done\n", to: "white.txt")
    while !stage.allows(0xC000_0201) { try await Task.sleep(for: .milliseconds(2)) }
    // A broken one is told once and not read again and again.
    try stage.folder.write("nonsense", to: "white.txt")
    while stage.readiness.current.faults.isEmpty { try await Task.sleep(for: .milliseconds(2)) }
    #expect(stage.allows(0xC000_0201))
    #expect(stage.judgements == 1)
  }
}
