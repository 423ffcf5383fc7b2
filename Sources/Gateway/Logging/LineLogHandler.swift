import Logging

/// Writes what swift-log hands over as lines, in one of the two formats of the configuration.
struct LineLogHandler: LogHandler {
  /// Takes one whole line with its line end.
  typealias Sink = @Sendable (String) -> Void

  var logLevel: Logger.Level
  var metadata: Logger.Metadata = [:]
  var metadataProvider: Logger.MetadataProvider?
  private let format: LogConfiguration.Format
  private let now: @Sendable () -> LogTime
  private let sink: Sink

  init(_ configuration: LogConfiguration, now: @escaping @Sendable () -> LogTime = LogTime.now, sink: @escaping Sink) {
    logLevel = configuration.level
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
