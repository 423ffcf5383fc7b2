import ArgumentParser
import Gateway

struct CheckCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "check", abstract: "Validate the configuration and the files it names; say all that is wrong.")

  @OptionGroup var options: ConfigurationOptions

  func run() throws {
    let configuration = try options.load()
    let listeners = configuration.listeners.count
    let rooms = configuration.rooms.count
    print(
      "\(options.config): good: \(listeners) listener\(listeners == 1 ? "" : "s"), \(rooms) room\(rooms == 1 ? "" : "s")"
    )
  }
}
