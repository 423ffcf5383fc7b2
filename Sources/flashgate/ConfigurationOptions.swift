import ArgumentParser
import Foundation
import Gateway

/// The option of every verb that needs the configuration.
struct ConfigurationOptions: ParsableArguments {
  @Option(name: .long, help: ArgumentHelp("The configuration file.", valueName: "path"), completion: .file())
  var config = "Config/flashgate.yaml"

  /// - Parameter checksCertificates: false where only rules of access are read anew.
  func load(checksCertificates: Bool = true) throws(ConfigurationError) -> Configuration {
    try Configuration.load(
      path: config, environment: ProcessInfo.processInfo.environment, checksCertificates: checksCertificates)
  }
}
