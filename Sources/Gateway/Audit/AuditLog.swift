import Synchronization

/// The audit of a running gateway: takes events from anywhere and has them written in the order in which they came.
///
/// A disk that takes no more is tried again each second; meanwhile events wait, up to a bound, and what is beyond it is
/// counted and told by a record when writing goes on.
public final class AuditLog: Sendable {
  /// How it behaves.
  public struct Settings: Sendable {
    /// The file.
    public var path: String
    /// How long sealed files are kept.
    public var keep: Duration
    /// A file is sealed when it is as large in bytes, and at the end of a day (UTC).
    public var largestFile = 64 << 20
    /// Events that wait at most.
    public var mostWaiting = 10_000
    /// When a disk that failed is tried again.
    public var retry = Duration.seconds(1)

    /// Settings with the usual bounds.
    public init(path: String, keep: Duration = .seconds(400 * 86_400)) {
      self.path = path
      self.keep = keep
    }
  }

  private struct Waiting {
    let event: AuditEvent
    let time: LogTime
    var written: (@Sendable (Bool) -> Void)?
  }

  private struct Queue {
    enum Writer { case idle, writes, fails }

    var waiting: [Waiting] = []
    var lost = 0
    var writer = Writer.idle
  }

  private let settings: Settings
  private let now: @Sendable () -> LogTime
  private let tell: @Sendable (AuditNews) -> Void
  private let queue = Mutex(Queue())
  private let writer: AuditWriter

  init(
    settings: Settings, now: @escaping @Sendable () -> LogTime = { .now() },
    tell: @escaping @Sendable (AuditNews) -> Void
  ) {
    self.settings = settings
    self.now = now
    self.tell = tell
    writer = AuditWriter(settings: settings)
  }

  /// Opens the file now, to learn of what is wrong with it; otherwise the first event does.
  func open() async throws(AuditFileError) { try await writer.open(at: now()) }

  /// Keeps an event; returns at once.
  public func record(_ event: AuditEvent) { enqueue(event, written: nil) }

  /// Keeps an event and waits until it is on the disk. False if it cannot be, for now: the event waits all the same.
  public func isRecorded(_ event: AuditEvent) async -> Bool {
    await withCheckedContinuation { continuation in
      enqueue(event) { continuation.resume(returning: $0) }
    }
  }

  private enum Outcome { case waits, wakes, isRefused, overflows }

  private func enqueue(_ event: AuditEvent, written: (@Sendable (Bool) -> Void)?) {
    let time = now()
    let outcome = queue.withLock { queue -> Outcome in
      guard queue.waiting.count < settings.mostWaiting else {
        queue.lost += 1
        return .overflows
      }
      // While the disk fails nobody waits for it: the answer is known.
      let fails = queue.writer == .fails
      queue.waiting.append(Waiting(event: event, time: time, written: fails ? nil : written))
      if fails { return .isRefused }
      defer { queue.writer = .writes }
      return queue.writer == .idle ? .wakes : .waits
    }
    switch outcome {
    case .waits: break
    case .wakes: Task { await drain() }
    case .isRefused, .overflows: written?(false)
    }
  }

  private func drain() async {
    while let (batch, lost) = nextBatch() {
      var events = batch.map { (event: $0.event, time: $0.time) }
      if lost > 0 { events.append((AuditEvent(.lost, [.init("records", .integer(lost))]), now())) }
      do throws(AuditFileError) {
        let news = try await writer.write(events)
        succeeded(batch, lost: lost)
        news.forEach(tell)
      } catch {
        failed(error)
        try? await Task.sleep(for: settings.retry)
      }
    }
  }

  private func nextBatch() -> ([Waiting], lost: Int)? {
    queue.withLock { queue in
      guard !queue.waiting.isEmpty || queue.lost > 0 else {
        queue.writer = .idle
        return nil
      }
      return (Array(queue.waiting.prefix(Self.largestBatch)), queue.lost)
    }
  }

  private func succeeded(_ batch: [Waiting], lost: Int) {
    let recovers = queue.withLock { queue in
      queue.waiting.removeFirst(batch.count)
      queue.lost -= lost
      defer { queue.writer = .writes }
      return queue.writer == .fails
    }
    if recovers { tell(.works) }
    for waiting in batch { waiting.written?(true) }
  }

  private func failed(_ error: AuditFileError) {
    let (begins, refused) = queue.withLock { queue in
      let refused = queue.waiting.compactMap(\.written)
      for index in queue.waiting.indices { queue.waiting[index].written = nil }
      defer { queue.writer = .fails }
      return (queue.writer != .fails, refused)
    }
    if begins { tell(.failing(error.description)) }
    for written in refused { written(false) }
  }

  private static let largestBatch = 512
}
