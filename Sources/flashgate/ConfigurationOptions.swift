import ArgumentParser
import Foundation
import Gateway

/// The option of every verb that needs the configuration.
struct ConfigurationOptions: ParsableArguments {
  @Option(name: .long, help: ArgumentHelp("The configuration file.", valueName: "path"), completion: .file())
  var config = "Config/flashgate.yaml"

  func load() throws(ConfigurationError) -> Configuration {
    try Configuration.load(path: config, environment: ProcessInfo.processInfo.environment)
  }
}
