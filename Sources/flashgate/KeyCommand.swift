import ArgumentParser
import Foundation
import Gateway
import Glibc
import Identity

struct KeyCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "key", abstract: "Access keys: one for each participant of a room, shown once.",
    discussion: "Works on the store, whether a gateway runs or not, and returns when a running one has acted.",
    subcommands: [KeyIssueCommand.self, KeyListCommand.self, KeyRevokeCommand.self, KeyRotateCommand.self])
}

/// What every verb about keys is told.
struct KeyOptions: ParsableArguments {
  @OptionGroup var options: ConfigurationOptions

  @Option(name: .long, help: "The room.")
  var room: String

  @Flag(name: .long, help: "Print JSON.")
  var json = false

  /// The store behind the configuration.
  func desk() async throws -> KeyDesk {
    try await KeyDesk.open(try options.load(), actor: "uid \(getuid())")
  }

  /// Runs what is asked of the store; the answer "no" has its own exit code.
  func ask<Answer>(_ body: (KeyDesk) async throws(IdentityError) -> Answer) async throws -> Answer {
    let desk = try await desk()
    do throws(IdentityError) {
      return try await body(desk)
    } catch {
      StandardStreams.printError("flashgate: \(error)")
      switch error {
      case .store, .secret: throw ExitReason.fault.code
      case .hasKey, .noKey, .noRoom, .badName, .expiresInThePast: throw ExitReason.no.code
      }
    }
  }
}

/// A duration with its unit, such as `2h`.
struct Lifetime: ExpressibleByArgument {
  let duration: Duration

  init?(argument: String) {
    guard let duration = Gateway.duration(argument) else { return nil }
    self.duration = duration
  }
}

struct KeyIssueCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "issue", abstract: "Make a key and print it, this once.")

  @OptionGroup var key: KeyOptions

  @Option(name: .long, help: "The participant's name in the room.")
  var name: String

  @Option(name: .long, help: "speaker, who may listen too, or listener.")
  var role = AccessKeyRole.speaker

  @Option(name: .long, help: ArgumentHelp("How long it opens the room, such as 2h.", valueName: "duration"))
  var expires: Lifetime?

  @Option(
    name: .long, parsing: .upToNextOption,
    help: ArgumentHelp("Where it may be shown from: addresses or CIDR blocks.", valueName: "address"))
  var address: [String] = []

  @Flag(name: .long, help: "It opens the room once.")
  var once = false

  func run() async throws {
    let grant = AccessKeyGrant(room: key.room, name: name, role: role, addresses: address, isForOnce: once)
    let issued = try await key.ask { desk throws(IdentityError) in
      if desk.isOpen(key.room) { StandardStreams.printError("\(key.room) is open: it needs no key") }
      return try await desk.issue(grant, lifetime: expires?.duration)
    }
    issued.show(asJSON: key.json)
  }
}

struct KeyRotateCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "rotate", abstract: "Replace a key by a new one; who is in by the old one is sent away.")

  @OptionGroup var key: KeyOptions

  @Option(name: .long, help: "The participant's name in the room.")
  var name: String

  @Option(name: .long, help: ArgumentHelp("How long it opens the room from now on.", valueName: "duration"))
  var expires: Lifetime?

  func run() async throws {
    let (issued, reaction) = try await key.ask { desk throws(IdentityError) in
      try await desk.rotate(room: key.room, name: name, lifetime: expires?.duration)
    }
    issued.show(asJSON: key.json)
    try reaction.check()
  }
}

struct KeyRevokeCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "revoke", abstract: "Take a key back; who is in by it is sent away.")

  @OptionGroup var key: KeyOptions

  @Option(name: .long, help: "The participant's name in the room.")
  var name: String

  func run() async throws {
    let (record, reaction) = try await key.ask { desk throws(IdentityError) in
      try await desk.revoke(room: key.room, name: name)
    }
    print(key.json ? record.json(at: .now).text : "\(record.id) of \(name) is revoked")
    try reaction.check()
  }
}

struct KeyListCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "list", abstract: "The keys of a room that were not revoked.")

  @OptionGroup var key: KeyOptions

  func run() async throws {
    let records = try await key.ask { desk throws(IdentityError) in try await desk.keys(room: key.room) }
    if key.json {
      print(JSON.object([.init("keys", .array(records.map { $0.json(at: .now) }))]).text)
    } else {
      for record in records { print(record.line(at: .now)) }
    }
  }
}

extension IssuedKey {
  /// Standard output gets the key, or all of it as JSON.
  fileprivate func show(asJSON: Bool) {
    if asJSON {
      print(record.json(at: record.issuedAt).with("key", .string(key.reveal())).text)
    } else {
      print(key.reveal())
    }
  }
}

extension GatewayReaction {
  /// A key that is void in the store and not yet in a gateway is told, and is a fault.
  fileprivate func check() throws {
    guard self == .late else { return }
    StandardStreams.printError("flashgate: the store has it, but a running gateway has not acted on it yet")
    throw ExitReason.fault.code
  }
}

extension AccessKeyRecord {
  /// `NAME  ROLE  STATE  EXPIRES  ID`
  fileprivate func line(at now: Int64) -> String {
    func padded(_ text: String, _ width: Int) -> String {
      text + String(repeating: " ", count: max(1, width - text.count))
    }
    let expires = grant.expiresAt.map { ISO8601DateFormatter().string(from: Date(timeIntervalSince1970: Double($0))) }
    return padded(grant.name, 24) + padded(grant.role.rawValue, 10) + padded(state(at: now).rawValue, 9)
      + padded(expires ?? "never", 22) + id
  }
}

extension Int64 {
  /// Seconds since 1970.
  fileprivate static var now: Int64 { Int64(Date().timeIntervalSince1970) }
}

extension AccessKeyRole: ExpressibleByArgument {}
