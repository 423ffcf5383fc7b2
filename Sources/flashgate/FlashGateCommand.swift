import ArgumentParser
import Gateway
import Media

/// The command line: one type per verb.
@main
struct FlashGateCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "flashgate",
    abstract: "A gateway from Flash RTMP clients to WebRTC browsers.",
    discussion: """
      Exit codes: 0 done, 1 the answer is no, 64 wrong use, 70 a fault, 78 bad configuration.
      """,
    version: VersionCommand.text,
    subcommands: [
      ServeCommand.self, CheckCommand.self, RecordCommand.self, ReplayCommand.self, InspectCommand.self,
      DoctorCommand.self, KeyCommand.self, PolicyCommand.self, AuditCommand.self, MigrationCommand.self,
      VersionCommand.self,
    ])

  /// Results go to standard output, problems to standard error, and every way out has its exit code.
  static func main() async {
    // No verb of the command line: how the gateway starts its own worker processes.
    if CommandLine.arguments.dropFirst().elementsEqual([MediaWorkerProcess.verb]) { MediaWorkerProcess.run() }
    do {
      try refuseHelpOnUnknownVerb(CommandLine.arguments.dropFirst())
      var command = try parseAsRoot()
      if var asynchronous = command as? any AsyncParsableCommand {
        try await asynchronous.run()
      } else {
        try command.run()
      }
    } catch {
      leave(with: error)
    }
  }

  /// The parser answers `help nonsense` with the general help, as if all were well.
  private static func refuseHelpOnUnknownVerb(_ arguments: ArraySlice<String>) throws {
    guard arguments.first == "help", let verb = arguments.dropFirst().first, !verb.hasPrefix("-") else { return }
    let verbs = configuration.subcommands.map { $0.configuration.commandName ?? "" } + ["help"]
    if !verbs.contains(verb) { throw ValidationError("There is no verb '\(verb)'.") }
  }

  private static func leave(with error: any Error) -> Never {
    switch error {
    case let error as ConfigurationError:
      StandardStreams.printError("\(error)")
      exit(withError: ExitReason.badConfiguration.code)
    case is ExitCode, is CleanExit: exit(withError: error)
    default:
      // What the parser itself throws carries the code for wrong use; everything else is a fault of ours.
      if exitCode(for: error) == .validationFailure { exit(withError: error) }
      if exitCode(for: error) == .success { exit(withError: error) }
      StandardStreams.printError("flashgate: \(error.systemWordsWithFile ?? "\(error)")")
      exit(withError: ExitReason.fault.code)
    }
  }
}
