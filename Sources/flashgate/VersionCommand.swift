import ArgumentParser
import Gateway

struct VersionCommand: ParsableCommand {
  static let configuration = CommandConfiguration(commandName: "version", abstract: "Print the version.")

  static let text = "flashgate \(GatewayVersion.text)"

  func run() {
    print(Self.text)
  }
}
