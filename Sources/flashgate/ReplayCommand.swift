import ArgumentParser
import Foundation
import Gateway
import Replay

struct ReplayCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "replay",
    abstract: "Play recorded client sessions against a gateway, and compare what comes of them with golden results.",
    discussion: """
      A capture is a pcap or pcapng file, as tcpdump, Wireshark and `flashgate record` write it; application, room and \
      name are those of the recording. An FLV file is played as a client that publishes it, under the file's name, in \
      the application live/demo.

      Without --to, each capture is played to a gateway inside of this program, in virtual time: as fast as it goes, and \
      always with the same results. Its rooms are open, unless --config names a configuration with rooms, lists and \
      keys. With --to, the sessions are played over the network to a gateway that runs, in real time or --speed times \
      faster; what it answers is compared, for more cannot be seen from outside.

      Exit codes: 0 all is as it should be, or nothing was compared; 1 something differs, or the gateway closed in \
      mid-session; 64 wrong use; 70 a capture, a golden folder or a report that cannot be read or written; 78 a bad \
      configuration.
      """)

  @Argument(
    help: ArgumentHelp("The captures.", valueName: "capture"), completion: .file(extensions: ["pcapng", "pcap", "flv"]))
  var captures: [String]

  @Option(name: .long, help: ArgumentHelp("A running gateway: rtmp://HOST[:PORT].", valueName: "url"))
  var to: String?

  @Flag(name: .long, help: "Play each session again and again, until SIGINT or SIGTERM. Needs --to.")
  var loop = false

  @Option(
    name: .long,
    help: ArgumentHelp(
      "1: as recorded; N: so many times faster; max: as fast as it goes. By default 1 with --to, max without.",
      valueName: "1|N|max"))
  var speed: String?

  @Option(
    name: .long, help: ArgumentHelp("How many captures are played at once. By default one a core.", valueName: "n"))
  var jobs: Int?

  @Option(
    name: .long, help: ArgumentHelp("Compare with the golden results in this folder.", valueName: "dir"),
    completion: .directory)
  var golden: String?

  @Flag(name: .long, help: "Make the results the golden ones, where they differ. Needs --golden, and not --to.")
  var update = false

  @Option(
    name: .long,
    help: ArgumentHelp("Write a report; the kind goes by the ending. May be given several times.", valueName: "file"),
    completion: .file())
  var report: [String] = []

  @Option(
    name: .long,
    help: ArgumentHelp(
      "Rooms, lists and keys of the gateway inside. By default every room is open.", valueName: "path"),
    completion: .file())
  var config: String?

  @Option(
    name: .long,
    help: ArgumentHelp("Keys of TLS sessions in the captures, as SSLKEYLOGFILE has them.", valueName: "file"),
    completion: .file())
  var keylog: String?

  func validate() throws {
    guard !captures.isEmpty else { throw ValidationError("no capture is named") }
    guard let pace = speed.map(ReplayPace.init) ?? .max else {
      throw ValidationError("--speed is `1`, a number from 0.001 to 1000, or `max`")
    }
    guard jobs.map({ (1...1024).contains($0) }) ?? true else { throw ValidationError("--jobs is from 1 to 1024") }
    guard !update || golden != nil else { throw ValidationError("--update needs --golden") }
    if let to {
      guard !update else { throw ValidationError("--update needs the gateway inside: leave --to out") }
      guard config == nil else {
        throw ValidationError("--config is for the gateway inside: leave --to or --config out")
      }
      do {
        _ = try ReplayClient(url: to, pace: pace)
        _ = try forms
      } catch {
        throw ValidationError("\(error)")
      }
    } else {
      guard !loop else { throw ValidationError("--loop needs --to") }
      do {
        _ = try forms
      } catch {
        throw ValidationError("\(error)")
      }
    }
    guard !loop || (golden == nil && report.isEmpty) else {
      throw ValidationError("--loop compares nothing: leave --golden and --report out")
    }
  }

  func run() async throws {
    let run: ReplayRun?
    if let to {
      run = try await performance(at: to).run()
    } else {
      run = try await rehearsal().run()
    }
    guard let run else { return }
    try ReplayOutlet(golden: golden.map { GoldenFolder(path: $0) }, updates: update, reports: reports).finish(run)
  }

  private var forms: [any ReplayReport.Type] {
    get throws(ReplayError) {
      var forms: [any ReplayReport.Type] = []
      for file in report { forms.append(try ReplayReports.form(of: file)) }
      return forms
    }
  }

  private var reports: [ReplayOutlet.Report] {
    get throws(ReplayError) { zip(report, try forms).map { ReplayOutlet.Report(path: $0, form: $1) } }
  }

  private func performance(at url: String) throws -> ReplayPerformance {
    let client = try ReplayClient(url: url, pace: speed.flatMap(ReplayPace.init) ?? .recorded)
    return ReplayPerformance(
      client: client, captures: captures, keyLog: keylog, isLooped: loop,
      isCompared: golden != nil || !report.isEmpty)
  }

  private func rehearsal() throws -> ReplayRehearsal {
    var options = CaptureRehearsal.Options()
    if let config {
      options.configuration = try Configuration.load(
        path: config, environment: ProcessInfo.processInfo.environment, checksCertificates: false)
    }
    if report.contains(where: { $0.lowercased().hasSuffix(".html") }) {
      options.detail = .thumbnails
    } else if golden == nil, report.isEmpty {
      options.detail = .totals
    }
    options.pace = speed.flatMap(ReplayPace.init) ?? .max
    let cores = ProcessInfo.processInfo.activeProcessorCount
    return ReplayRehearsal(
      captures: captures, keyLog: keylog, options: options, jobs: min(jobs ?? cores, captures.count))
  }
}
