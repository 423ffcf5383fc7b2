import Logging

/// What is logged, and how.
public struct LogConfiguration: Sendable, Equatable {
  /// How a log line is written.
  public enum Format: String, Sendable, CaseIterable {
    /// For people.
    case text
    /// One JSON object a line.
    case json
  }

  /// The least severe level that is written. Default `info`.
  public var level: Logger.Level
  /// Default `text`.
  public var format: Format

  init(level: Logger.Level = .info, format: Format = .text) {
    self.level = level
    self.format = format
  }
}

extension LogConfiguration {
  init(reading value: ConfigurationValue) {
    self.init()
    let section = value.section(keys: ["level", "format"])
    let levels = Logger.Level.allCases.map(\.rawValue)
    if let level = section["level"]?.choice(of: levels).flatMap(Logger.Level.init(rawValue:)) { self.level = level }
    let formats = Format.allCases.map(\.rawValue)
    if let format = section["format"]?.choice(of: formats).flatMap(Format.init(rawValue:)) { self.format = format }
  }
}
