import ArgumentParser
import Doctor
import Foundation

struct DoctorCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "doctor", abstract: "Try every way in, as a player does and in its order.",
    discussion: """
      Prints what each way came to: the connection, the handshake, whether the room's application took the client, how long \
      an answer takes, and what stood in between. A port in the address is tried alone, by every protocol. The certificate \
      of a server is not checked. Exits with 1 when no way leads in.
      """)

  @Option(name: .long, help: ArgumentHelp("The address clients use: rtmp://HOST[:PORT]/APP/ROOM.", valueName: "url"))
  var url: String

  @Flag(name: .long, help: "Print the findings as JSON.")
  var json = false

  @Option(name: .long, help: ArgumentHelp("How long to wait for each way.", valueName: "seconds"))
  var timeout = 3.0

  func validate() throws {
    do {
      _ = try LegacyURL(url)
    } catch {
      throw ValidationError("\(error)")
    }
    guard (0.1...60).contains(timeout) else { throw ValidationError("A timeout has 0.1 to 60 seconds.") }
  }

  func run() async throws {
    let findings = await Doctor(url: try LegacyURL(url), patience: .seconds(timeout)).examine { finding in
      StandardStreams.printError("\(finding.way.kind.rawValue) on \(finding.way.port): \(finding.stage.rawValue)")
    }
    if json {
      let encoder = JSONEncoder()
      encoder.outputFormatting = [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]
      print(String(decoding: try encoder.encode(findings), as: UTF8.self))
    } else {
      print(FindingsTable(findings))
    }
    if !findings.contains(where: { $0.stage == .accepted }) { throw ExitReason.no.code }
  }
}
