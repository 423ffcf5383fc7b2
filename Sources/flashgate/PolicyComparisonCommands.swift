import AccessPolicy
import ArgumentParser
import Foundation
import Gateway

/// Lists in a folder, in place of those of the configuration.
struct ListFolder {
  let policy: AccessPolicy

  /// - Throws: `ConfigurationError` with all that is wrong with the lists.
  init(_ path: String, like configured: AccessSources) throws {
    let names: [String]
    do {
      names = try FileManager.default.contentsOfDirectory(atPath: path)
    } catch {
      throw ConfigurationError.unreadable(path, error.systemWords)
    }
    let sources = configured.taken(from: path, names: names)
    guard !sources.paths.isEmpty else {
      throw ConfigurationError.unreadable(
        path, "no lists in it: name them as the configuration does, or whitelist.txt and blacklist.txt")
    }
    do throws(ListProblems) {
      policy = try sources.compile()
    } catch {
      throw ConfigurationError(error)
    }
  }
}

/// The configuration that says which list is for what; without the file, names alone say it.
struct ComparisonOptions: ParsableArguments {
  @Option(
    name: .long, help: ArgumentHelp("The configuration whose lists are compared.", valueName: "path"),
    completion: .file())
  var config: String?

  func sources() throws -> AccessSources {
    let path = config ?? "Config/flashgate.yaml"
    guard config != nil || FileManager.default.fileExists(atPath: path) else { return AccessSources() }
    return try Configuration.load(path: path, environment: ProcessInfo.processInfo.environment).access.sources
  }
}

struct PolicyDiffCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "diff", abstract: "Say whom a change of lists would let in and keep out.",
    discussion: """
      Both folders hold the lists under the names that they have in the configuration, or whitelist.txt and
      blacklist.txt. Exit code 0: nobody; 1: somebody.
      """)

  @OptionGroup var options: ComparisonOptions

  @Argument(help: ArgumentHelp("The lists as they are.", valueName: "old-dir"), completion: .directory)
  var old: String

  @Argument(help: ArgumentHelp("The lists as they would be.", valueName: "new-dir"), completion: .directory)
  var new: String

  func run() throws {
    let sources = try options.sources()
    let difference = PolicyDifference(
      from: try ListFolder(old, like: sources).policy, to: try ListFolder(new, like: sources).policy)
    for level in difference.levels {
      for range in level.allowed.ranges { print("+ \(range) would come in (\(level.level))") }
      for range in level.denied.ranges { print("- \(range) would be kept out (\(level.level))") }
    }
    if !difference.isEmpty { throw ExitReason.no.code }
  }
}

struct PolicyDryRunCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "dry-run", abstract: "Say whom other lists would have let in and kept out, by the audit record.",
    discussion: "Exit code 0: nobody; 1: somebody.")

  @OptionGroup var options: ComparisonOptions

  @Option(name: .long, help: ArgumentHelp("The lists as they would be.", valueName: "dir"), completion: .directory)
  var lists: String

  @Option(name: .long, help: ArgumentHelp("The audit record.", valueName: "file"), completion: .file())
  var audit: String

  func run() throws {
    var run = DryRun(try ListFolder(lists, like: try options.sources()).policy)
    let record: Data
    do {
      record = try Data(contentsOf: URL(filePath: audit), options: .mappedIfSafe)
    } catch {
      throw ConfigurationError.unreadable(audit, error.systemWords)
    }
    for line in record.split(separator: UInt8(ascii: "\n")) { run.read(String(decoding: line, as: UTF8.self)[...]) }
    func print(_ visitors: [DryRun.Visitor: Int], _ words: String) {
      for (visitor, count) in visitors.sorted(by: { $0.key.text < $1.key.text }) {
        Swift.print("\(visitor.text) \(words), \(count) time\(count == 1 ? "" : "s")")
      }
    }
    print(run.letIn, "would have come in")
    print(run.keptOut, "would have been kept out")
    StandardStreams.printError("\(run.decisions) decisions looked at")
    if !run.isEmpty { throw ExitReason.no.code }
  }
}
