import ArgumentParser
import Foundation
import Gateway

struct AuditCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "audit", abstract: "The record of decisions: whether it is whole, and what is in it.",
    subcommands: [AuditVerifyCommand.self, AuditExportCommand.self])
}

/// Which files are meant.
struct AuditFiles: ParsableArguments {
  @OptionGroup var options: ConfigurationOptions

  @Argument(
    help: ArgumentHelp("The files, in any order; without any, those of the configuration.", valueName: "file"),
    completion: .file(extensions: ["jsonl"]))
  var files: [String] = []

  func all() throws -> [String] {
    if !files.isEmpty { return files }
    guard let audit = try options.load().audit else {
      throw ValidationError("The configuration keeps no audit: name the files.")
    }
    let found = AuditReading.files(of: audit.file.value)
    guard !found.isEmpty else { throw ValidationError("There is no audit yet at \(audit.file.value).") }
    return found
  }
}

struct AuditVerifyCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "verify", abstract: "Follow the chain of records; exit code 1 if it breaks, and where.")

  @OptionGroup var files: AuditFiles

  func run() throws {
    do {
      let finding = try AuditReading.verify(try files.all())
      print("holds: records \(finding.first) to \(finding.last), last hash \(finding.head)")
      for note in finding.notes { StandardStreams.printError(note) }
    } catch let broken as AuditBreak {
      print("broken: \(broken)")
      throw ExitReason.no.code
    }
  }
}

struct AuditExportCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "export", abstract: "Print records as CSV, following the chain on the way.")

  @OptionGroup var files: AuditFiles

  @Option(name: .long, help: ArgumentHelp("The first time: 2026-01-31, or 2026-01-31T10:00:00Z.", valueName: "time"))
  var from: AuditTime?

  @Option(name: .long, help: ArgumentHelp("The last time; a day is meant to its end.", valueName: "time"))
  var to: AuditTime?

  func run() throws {
    do {
      let finding = try AuditReading.export(try files.all(), from: from?.first, to: to?.last) { line in
        FileHandle.standardOutput.write(Data(line.utf8))
      }
      for note in finding.notes { StandardStreams.printError(note) }
    } catch let broken as AuditBreak {
      StandardStreams.printError("broken: \(broken)")
      throw ExitReason.no.code
    }
  }
}

/// A day or a moment in UTC, as the bounds between which records lie.
struct AuditTime: ExpressibleByArgument {
  let first: String
  let last: String

  init?(argument: String) {
    if argument.wholeMatch(of: /\d{4}-\d{2}-\d{2}/) != nil {
      (first, last) = ("\(argument)T00:00:00.000Z", "\(argument)T23:59:59.999Z")
    } else if let match = argument.wholeMatch(of: /(\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2})(\.\d{3})?Z/) {
      let fraction = match.2.map(String.init)
      (first, last) = ("\(match.1)\(fraction ?? ".000")Z", "\(match.1)\(fraction ?? ".999")Z")
    } else {
      return nil
    }
  }
}
