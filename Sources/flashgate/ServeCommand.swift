import ArgumentParser
import Gateway

struct ServeCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "serve", abstract: "Run the gateway until SIGTERM, which drains; a second one stops at once.")

  @OptionGroup var options: ConfigurationOptions

  func run() async throws {
    let configuration = try options.load()
    GatewayLogging.bootstrap(configuration.log)
    let options = options
    try await GatewayService.run(configuration: configuration) { () throws(ConfigurationError) in
      try options.load(checksCertificates: false)
    }
  }
}
