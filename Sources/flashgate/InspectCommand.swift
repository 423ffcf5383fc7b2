import ArgumentParser
import Foundation
import Gateway
import NIOCore
import Replay

struct InspectCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "inspect", abstract: "Tell what is in a capture, and what in it breaks the specification.",
    discussion: """
      A capture is a pcap or pcapng file. What cannot be taken is told on standard error.
      """)

  @Argument(
    help: ArgumentHelp("The capture.", valueName: "capture"), completion: .file(extensions: ["pcapng", "pcap"]))
  var capture: String

  @Flag(name: .long, help: "One JSON document instead of tables.")
  var json = false

  @Flag(name: .long, help: "Every message, a line each.")
  var frames = false

  @Option(name: .long, help: ArgumentHelp("Write each stream there as FLV, as it came.", valueName: "directory"))
  var extract: String?

  func validate() throws {
    if json, frames { throw ValidationError("--json and --frames exclude each other.") }
  }

  func run() throws {
    let file = try CaptureFile(path: capture)
    if let extract { try write(file, to: URL(filePath: extract)) }
    if json {
      let sessions = file.contents.sessions.map { InspectionText.json(SessionInspection($0)) }
      let notices = file.contents.notices.map { JSON.string("\($0)") }
      print(JSON.object([.init("sessions", .array(sessions)), .init("notices", .array(notices))]).text)
      return
    }
    for (index, session) in file.contents.sessions.enumerated() {
      print(file.name(of: index))
      if frames {
        for line in FrameLine.all(of: session) { print(line) }
      } else {
        print(InspectionText.table(SessionInspection(session)))
      }
    }
  }

  /// `1-client-1.flv`: session, side, message stream.
  private func write(_ file: CaptureFile, to directory: URL) throws {
    try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
    for (index, session) in file.contents.sessions.enumerated() {
      for stream in try StreamExtraction(session).streams {
        let target = directory.appending(path: "\(index + 1)-\(stream.side)-\(stream.streamID).flv")
        try Data(stream.file.readableBytesView).write(to: target)
        StandardStreams.printError("\(target.path): \(stream.file.readableBytes) bytes")
      }
    }
  }
}
