import ArgumentParser
import Foundation
import NIOPosix
import Replay
import UnixSignals

struct RecordCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "record", abstract: "Record whole client sessions, in front of any RTMP server.",
    discussion: """
      Stands between clients and a server, passes on what both say, unchanged, and writes it with its times into a pcapng \
      file that Wireshark, `flashgate inspect` and `flashgate replay` read. Clients come to --listen in place of the \
      server. RTMP and RTMPT are recorded as they are; what comes inside TLS stays encrypted. Ends on SIGINT and SIGTERM.

      --anonymize writes RTMP anew with access keys, names, addresses and URLs replaced, the same by the same within a \
      recording. What cannot be read is then not recorded: RTMPT, TLS, RTMPE, shared objects, damaged messages.
      """)

  @Option(name: .long, help: ArgumentHelp("Where clients come to.", valueName: "host:port"))
  var listen: String

  @Option(name: .long, help: ArgumentHelp("The server.", valueName: "host:port"))
  var forward: String

  @Option(
    name: .long, help: ArgumentHelp("The recording; written anew.", valueName: "file"),
    completion: .file(extensions: ["pcapng"]))
  var output: String

  @Flag(name: .long, help: "Replace access keys, names, addresses and URLs.")
  var anonymize = false

  @Option(
    name: .long,
    help: ArgumentHelp(
      "With --anonymize: what stays, of names,addresses,urls. Access keys never do.", valueName: "list"))
  var keep: String?

  @Flag(name: .long, help: "With --anonymize: leave sound and pictures out.")
  var withoutMedia = false

  func validate() throws {
    _ = try listenAddress
    guard try forwardAddress.port > 0 else { throw ValidationError("--forward needs a port.") }
    if !anonymize, keep != nil || withoutMedia {
      throw ValidationError("--keep and --without-media go with --anonymize.")
    }
    _ = try keptParts
  }

  func run() async throws {
    // A file that may not grow is a disk that is full, and no reason to die.
    signal(SIGXFSZ, SIG_IGN)
    let signals = await UnixSignalsSequence(trapping: .sigint, .sigterm)
    let anonymization = try anonymization()
    let path = output
    let header = PcapNGWriter.header(
      application: VersionCommand.text,
      comment:
        "Recorded in front of \(anonymize ? "a server, anonymized" : forward). The headers of TCP and IP are made up.")
    let file = try RecordingFile(path: path, header: header) { event in
      StandardStreams.printError("\(path): \(Self.text(of: event))")
    }
    let tap = try await Tap.start(
      listen: try listenAddress, forward: try forwardAddress, file: file, anonymization: anonymization,
      on: MultiThreadedEventLoopGroup.singleton
    ) { event in
      StandardStreams.printError(Self.text(of: event))
    }
    StandardStreams.printError("recording \(tap.address), forwarded to \(forward), into \(output)")
    for await _ in signals { break }
    let totals = await tap.stop()
    let written = await file.finish()
    StandardStreams.printError(Self.text(of: totals, written))
    if written.dropped > 0 { throw ExitReason.fault.code }
  }

  private func anonymization() throws -> Anonymization? {
    guard anonymize else { return nil }
    var random = SystemRandomNumberGenerator()
    return Anonymization(keeping: try keptParts, recordsMedia: !withoutMedia, random: &random)
  }

  private var listenAddress: TapAddress { get throws { try Self.address(listen, "--listen") } }

  private var forwardAddress: TapAddress { get throws { try Self.address(forward, "--forward") } }

  private static func address(_ text: String, _ option: String) throws -> TapAddress {
    guard let address = TapAddress(text) else {
      throw ValidationError("\(option) '\(text)' is not HOST:PORT; an IPv6 address stands in brackets.")
    }
    return address
  }

  private var keptParts: Set<Anonymization.Part> {
    get throws {
      var parts: Set<Anonymization.Part> = []
      for word in keep?.split(separator: ",") ?? [] {
        guard let part = Anonymization.Part(rawValue: String(word)) else {
          let known = Anonymization.Part.allCases.map(\.rawValue).joined(separator: ", ")
          throw ValidationError("--keep '\(word)' is none of \(known).")
        }
        parts.insert(part)
      }
      return parts
    }
  }

  // MARK: Words

  private static func text(of event: RecordingFile.Event) -> String {
    switch event {
    case .interrupted(let why): "NOT RECORDING: \(why); clients are still forwarded"
    case .resumed(let dropped): "recording again; \(dropped) packets are missing"
    }
  }

  private static func text(of event: Tap.Event) -> String {
    switch event {
    case .unreachable(let client, let why): "\(client) was turned away, the server cannot be reached: \(why)"
    case .unrecorded(let client, .notRTMP):
      "\(client) is not recorded: it speaks no RTMP in the clear, which alone can be anonymized"
    case .unrecorded(let client, .unreadable(let error)):
      "\(client) is not recorded from here on, for it cannot be anonymized: \(error)"
    }
  }

  private static func text(of totals: Tap.Totals, _ written: RecordingFile.Totals) -> String {
    var text = "\(totals.connections) connections, \(totals.refused) of them refused;"
    text += " \(totals.clientBytes) bytes from clients, \(totals.serverBytes) from the server;"
    text += " \(written.packets) packets recorded, \(written.dropped) dropped"
    if totals.unrecordedBytes > 0 { text += "; \(totals.unrecordedBytes) bytes could not be anonymized" }
    return text
  }
}
