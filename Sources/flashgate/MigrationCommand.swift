import ArgumentParser
import Foundation
import Gateway

struct MigrationCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "migration", abstract: "How far the migration is.", subcommands: [MigrationReportCommand.self])
}

struct MigrationReportCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "report", abstract: "Who still comes by Flash, how, and which doors can close.",
    discussion: """
      Read from the audit of the configuration, whether a gateway runs or not.
      """)

  @OptionGroup var options: ConfigurationOptions

  @Option(name: .long, help: ArgumentHelp("Write the report there as a page.", valueName: "file"), completion: .file())
  var html: String?

  @Flag(name: .long, help: "One JSON document instead of tables.")
  var json = false

  @Option(name: .long, help: ArgumentHelp("How far to look back, 1 to 400.", valueName: "days"))
  var days = 30

  func validate() throws {
    guard MigrationReport.lengths.contains(days) else { throw ValidationError("--days is a number from 1 to 400.") }
  }

  func run() throws {
    let configuration = try options.load(checksCertificates: false)
    guard configuration.audit != nil else {
      throw ValidationError("The configuration keeps no audit: add `audit: { file: audit.jsonl }`.")
    }
    let report = try MigrationReport.read(configuration, days: days)
    if let html {
      try Data(report.html.utf8).write(to: URL(filePath: html), options: .atomic)
      StandardStreams.printError("written: \(html)")
      if !json { return }
    }
    print(json ? report.json.text : report.text, terminator: json ? "\n" : "")
  }
}
