/// How fast a path lets through what was put onto it at once, over the last few reports.
///
/// A bottleneck spaces such packets out: each waits until the one before is through. Where they still come at once,
/// though they were long on their way, nothing stood in a queue of the line: a machine at either end had no core to
/// spare, or a radio slept.
struct ArrivalSpacing: Sendable {
  /// Packets that left at once, as far as reports tell.
  private var group: (sentAt: Int64, first: Int64, last: Int64, bytes: Int)?
  /// Bytes after the first packet of each group, and the time they took.
  private var bytes = 0.0
  private var time = 0.0

  /// Notes a packet that arrived. All times in microseconds, those of arrival on the receiver's clock.
  mutating func add(_ size: Int, sentAt: Int64, arrivedAt arrival: Int64) {
    guard let group, sentAt - group.sentAt < Self.atOnce, group.sentAt - sentAt < Self.atOnce else {
      close()
      group = (sentAt, arrival, arrival, 0)
      return
    }
    self.group = (
      group.sentAt, min(group.first, arrival), max(group.last, arrival), group.bytes + size
    )
  }

  /// A report begins; what came before it counts half from here on.
  mutating func beginReport() {
    bytes /= 2
    time /= 2
  }

  /// A report has ended.
  mutating func endReport() {
    close()
    group = nil
  }

  /// Bits a second at which packets that left at once came, by the reports that ended; nil while too few did.
  var bitRate: Double? { bytes < Self.evidence ? nil : bytes * 8e6 / time }

  private mutating func close() {
    guard let group, group.bytes > 0 else { return }
    bytes += Double(group.bytes)
    time += Double(group.last - group.first + Self.resolution)
  }

  /// Microseconds.
  private static let atOnce: Int64 = 1_000
  /// In which arrivals are told, in microseconds.
  private static let resolution: Int64 = 250
  /// Bytes: a packet or two lately.
  private static let evidence = 1_000.0
}
