import ArgumentParser
import Foundation
import Gateway
import Replay

struct InspectCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "inspect", abstract: "Tell what is in a capture, and what in it breaks the specification.",
    discussion: """
      A capture is a pcap or pcapng file, of tcpdump, Wireshark or `flashgate record`, or an FLV file. RTMP is found on any \
      port, RTMPT in HTTP; with the keys of TLS sessions, RTMPS and RTMPTS by tshark. What cannot be taken is told on standard \
      error, with packet and offset.
      """)

  @Argument(
    help: ArgumentHelp("The capture.", valueName: "capture"), completion: .file(extensions: ["pcapng", "pcap", "flv"]))
  var capture: String

  @Flag(name: .long, help: "One JSON document instead of tables.")
  var json = false

  @Flag(name: .long, help: "Every message, a line each.")
  var frames = false

  @Option(name: .long, help: ArgumentHelp("Write each stream there.", valueName: "directory"))
  var extract: String?

  @Option(
    name: .long,
    help: "With --extract: flv as it came, mkv or mp4 with the same frames, wav with the sound decoded.")
  var format = StreamFormat.flv

  @Option(name: .long, help: ArgumentHelp("Keys of TLS sessions, as SSLKEYLOGFILE has them.", valueName: "file"))
  var keylog: String?

  func validate() throws {
    if json, frames { throw ValidationError("--json and --frames exclude each other.") }
    if format != .flv, extract == nil { throw ValidationError("--format goes with --extract.") }
  }

  func run() throws {
    let file = try CaptureFile(path: capture, keyLog: keylog)
    tell(file)
    guard let extract else { return }
    var writer = try StreamWriter(directory: URL(filePath: extract), format: format)
    for (index, session) in file.contents.sessions.enumerated() { try writer.write(session, number: index + 1) }
    if !writer.isComplete { throw ExitReason.no.code }
  }

  private func tell(_ file: CaptureFile) {
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
}
