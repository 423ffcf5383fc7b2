import AccessPolicy
import ArgumentParser
import Foundation
import Gateway

struct PolicyCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "policy", abstract: "Who may come in, by address: explain, check, compare and import the lists.",
    subcommands: [
      PolicyExplainCommand.self, PolicyImportCommand.self, PolicyLintCommand.self, PolicyDiffCommand.self,
      PolicyDryRunCommand.self,
    ])
}

/// An address on the command line.
struct AddressArgument: ExpressibleByArgument {
  let address: IPAddress

  init?(argument: String) {
    guard let address = IPAddress(argument) else { return nil }
    self.address = address
  }
}

struct PolicyExplainCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "explain", abstract: "Say whether an address may come in, what decides, and what would change it.",
    discussion: "Exit code 0: allowed; 1: denied.")

  @OptionGroup var options: ConfigurationOptions

  @Option(name: .long, help: "The client's own address, behind proxies.")
  var address: AddressArgument

  @Option(name: .long, help: "The room that it wants.")
  var room: String?

  @Option(name: .long, help: "The page that an old client names.")
  var pageUrl: String?

  @Option(name: .long, help: "How it comes: rtmp, rtmps, rtmpt, rtmpts, rtmpe or https.")
  var `protocol`: String?

  @Option(name: .long, help: "The listener, by its configured address; otherwise all that accept the protocol.")
  var listener: String?

  @Flag(name: .long, help: "Print JSON.")
  var json = false

  func validate() throws {
    let known = ["rtmp", "rtmps", "rtmpt", "rtmpts", "rtmpe", "rtmpte", "http", "https", "policy"]
    guard let door = self.protocol, !known.contains(door) else { return }
    throw ValidationError("--protocol is one of \(known.joined(separator: ", ")).")
  }

  func run() throws {
    let configuration = try options.load()
    if let room, configuration.rooms[room] == nil { throw ValidationError("There is no room '\(room)'.") }
    let listeners = try self.listeners(of: configuration)
    let verdicts = listeners.map { listener in
      AccessVerdict(
        of: address.address, by: configuration.access.rules, listener: listener, room: room, door: self.protocol,
        page: pageUrl)
    }
    // Listeners without lists of their own say the same: one answer will do.
    let distinct = verdicts.filter { !$0.isAllowed }.isEmpty ? Array(verdicts.prefix(1)) : verdicts
    for verdict in distinct {
      if json {
        print(verdict.json.text)
      } else {
        for line in verdict.lines { print(line) }
      }
    }
    if !verdicts.contains(where: \.isAllowed) { throw ExitReason.no.code }
  }

  /// The listeners whose lists are asked; nil for none.
  private func listeners(of configuration: Configuration) throws -> [String?] {
    let names = configuration.listeners.map { ("\($0.address.value)", $0) }
    if let listener {
      guard names.contains(where: { $0.0 == listener }) else {
        throw ValidationError(
          "There is no listener '\(listener)'; there are \(names.map(\.0).joined(separator: ", ")).")
      }
      return [listener]
    }
    let accepting = names.filter { name in self.protocol.map { name.1.accepts($0) } ?? true }.map(\.0)
    let own = accepting.filter { configuration.access.sources.listeners[$0] != AccessSources.Level() }
    // One for all that have no lists of their own, and each that has.
    return (own.count < accepting.count || accepting.isEmpty ? [nil] : []) + own.map { $0 }
  }
}

struct PolicyImportCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "import", abstract: "Translate the access rules of an old server.",
    discussion: """
      Reads services-config.xml of BlazeDS and LCDS, Adaptor.xml, VHost.xml and Application.xml of FMS and AMS,
      crossdomain.xml, and allow and deny lines of nginx-rtmp, Red5 and SRS. Prints FlashGate configuration, with a
      line `# warning:` for everything that could not be carried over.
      """)

  @Argument(help: "The old server's file.", completion: .file())
  var file: String

  @Option(name: .long, help: "What rules of FMS mean that do not say: deny,allow or allow,deny.")
  var order: String?

  func run() throws {
    let order = try self.order.map { text in
      guard let order = FMSRules.Order.allCases.first(where: { $0.rawValue.lowercased() == text.lowercased() }) else {
        throw ValidationError("--order is deny,allow or allow,deny.")
      }
      return order
    }
    let bytes: Data
    do {
      bytes = try Data(contentsOf: URL(filePath: file))
    } catch {
      throw ConfigurationError.unreadable(file, error.systemWords)
    }
    do throws(ImportError) {
      print(try ImportedPolicy(reading: bytes, order: order).configuration, terminator: "")
    } catch {
      throw ConfigurationError.unreadable(file, error.description)
    }
  }
}

struct PolicyLintCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "lint", abstract: "Find entries that say nothing or too much.",
    discussion: "Exit code 0: none; 1: some.")

  @OptionGroup var options: ConfigurationOptions

  func run() throws {
    let findings = ListLint().findings(in: try options.load().access.rules.policy)
    for finding in findings { print(finding) }
    if !findings.isEmpty { throw ExitReason.no.code }
  }
}
