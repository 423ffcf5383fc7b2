import Logging

/// Writes what swift-log hands over as lines, in one of the two formats of the configuration.
struct LineLogHandler: LogHandler {
  /// Takes one whole line with its line end.
  typealias Sink = @Sendable (String) -> Void

  /// Of the whole process; a `Logger` that sets its own has it from then on.
  var logLevel: Logger.Level {
    get { own ?? level.current }
    set { own = newValue }
  }
  var metadata: Logger.Metadata = [:]
  var metadataProvider: Logger.MetadataProvider?
  private var own: Logger.Level?
  private let level: LogLevel
  private let format: LogConfiguration.Format
  private let now: @Sendable () -> LogTime
  private let sink: Sink

  /// - Parameter level: the level that may change; nil: that of the configuration.
  init(
    _ configuration: LogConfiguration, level: LogLevel? = nil, now: @escaping @Sendable () -> LogTime = LogTime.now,
    sink: @escaping Sink
  ) {
    self.level = level ?? LogLevel(configuration.level)
    format = configuration.format
    self.now = now
    self.sink = sink
  }

  subscript(metadataKey key: String) -> Logger.Metadata.Value? {
    get { metadata[key] }
    set { metadata[key] = newValue }
  }

  func log(event: LogEvent) {
    var all = metadata
    if let provided = metadataProvider?.get() { all.merge(provided) { _, new in new } }
    if let own = event.metadata { all.merge(own) { _, new in new } }
    if let error = event.error { all["error"] = "\(error)" }
    let line = LogLine(time: now(), level: event.level, message: event.message.description, metadata: all)
    switch format {
    case .text: sink(line.text)
    case .json: sink(line.json)
    }
  }
}
