import Dispatch
import Glibc
import NIOConcurrencyHelpers
import NIOCore

/// The file that a tap writes, block by block, on a thread of its own.
///
/// What is handed in goes to the kernel at once, so that a process that dies leaves all but its last moment behind. When
/// the disk has no room, or is too slow for the memory that may wait for it, blocks are dropped and counted, the file is
/// cut back to its last whole block, and after a second the next ones are tried again, behind a mark that says how many
/// are missing.
public final class RecordingFile: Sendable {
  /// What its owner should tell somebody.
  public enum Event: Sendable, Equatable {
    /// The file could not be written; packets are dropped from here on.
    case interrupted(String)
    /// It is written again; so many packets are missing.
    case resumed(dropped: UInt64)
  }

  /// What was written and what was not.
  public struct Totals: Sendable, Equatable {
    /// Packets in the file.
    public var packets: UInt64 = 0
    /// Bytes of the file.
    public var bytes: UInt64 = 0
    /// Packets that are not in the file.
    public var dropped: UInt64 = 0
  }

  /// Why there is no file.
  public struct Failure: Error, Sendable, Equatable, CustomStringConvertible {
    /// The file and what the system says of it.
    public let description: String
  }

  /// Memory that may wait for the disk, in bytes.
  static let mostWaiting = 64 << 20
  /// How long a disk is left alone that has failed.
  private static let pause = Duration.seconds(1)
  /// Packets are put together for one call up to this many bytes.
  private static let batch = 1 << 20

  private struct Waiting {
    var blocks: [ByteBuffer] = []
    var bytes = 0
    var isScheduled = false
    /// Blocks that found no room in memory since the last batch.
    var overflowed: UInt64 = 0
  }

  private struct Disk {
    let descriptor: CInt
    var totals = Totals()
    /// Until when nothing is tried; nil while all is well.
    var retry: ContinuousClock.Instant?
    /// Missing since the last mark.
    var unmarked: UInt64 = 0
    var isOpen = true
  }

  private let waiting = NIOLockedValueBox(Waiting())
  private let disk: NIOLockedValueBox<Disk>
  private let queue = DispatchQueue(label: "flashgate.recording")
  private let report: @Sendable (Event) -> Void

  /// Creates the file, or empties it, and writes its header.
  /// - Parameters:
  ///   - path: of the file.
  ///   - header: what it begins with.
  ///   - report: hears of trouble, on the file's own thread.
  public init(path: String, header: ByteBuffer, report: @escaping @Sendable (Event) -> Void) throws(Failure) {
    let descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
    guard descriptor >= 0 else { throw Failure(description: "\(path): \(Self.problem(errno))") }
    self.report = report
    var disk = Disk(descriptor: descriptor)
    if let problem = Self.write(header, of: [header.readableBytes], to: &disk).problem {
      Glibc.close(descriptor)
      throw Failure(description: "\(path): \(problem)")
    }
    self.disk = NIOLockedValueBox(disk)
  }

  /// Hands blocks in, each whole; never waits.
  public func append(_ blocks: [ByteBuffer]) {
    guard !blocks.isEmpty else { return }
    let size = blocks.reduce(0) { $0 + $1.readableBytes }
    let isNew = waiting.withLockedValue { waiting in
      guard waiting.bytes + size <= Self.mostWaiting else {
        waiting.overflowed += UInt64(blocks.count)
        return false
      }
      waiting.blocks.append(contentsOf: blocks)
      waiting.bytes += size
      defer { waiting.isScheduled = true }
      return !waiting.isScheduled
    }
    if isNew { queue.async { self.drain() } }
  }

  /// Writes what waits and a last mark, and closes the file.
  public func finish() async -> Totals {
    await withCheckedContinuation { continuation in
      queue.async {
        self.drain()
        continuation.resume(returning: self.close())
      }
    }
  }

  private func close() -> Totals {
    disk.withLockedValue { disk in
      guard disk.isOpen else { return disk.totals }
      let mark = PcapNGWriter.mark(
        dropped: disk.totals.dropped, comment: "The end of the recording.", at: WallClock.nanoseconds())
      _ = Self.write(mark, of: [mark.readableBytes], to: &disk)
      Glibc.close(disk.descriptor)
      disk.isOpen = false
      return disk.totals
    }
  }

  private func drain() {
    while true {
      let (blocks, overflowed) = waiting.withLockedValue { waiting in
        defer { waiting = Waiting(isScheduled: !waiting.blocks.isEmpty) }
        return (waiting.blocks, waiting.overflowed)
      }
      if blocks.isEmpty, overflowed == 0 { return }
      let events = disk.withLockedValue { disk in
        var events: [Event] = []
        if overflowed > 0 { Self.drop(overflowed, because: "the disk is too slow", at: &disk, &events) }
        if disk.isOpen { Self.write(blocks, to: &disk, &events) }
        return events
      }
      for event in events { report(event) }
      if blocks.isEmpty { return }
    }
  }

  private static func write(_ blocks: [ByteBuffer], to disk: inout Disk, _ events: inout [Event]) {
    var rest = blocks[...]
    if let retry = disk.retry, ContinuousClock.now < retry {
      drop(UInt64(rest.count), because: nil, at: &disk, &events)
      return
    }
    var isMarked = disk.unmarked == 0
    while !rest.isEmpty {
      var bytes = ByteBuffer()
      var lengths: [Int] = []
      if !isMarked {
        let mark = PcapNGWriter.mark(
          dropped: disk.totals.dropped, comment: "\(disk.unmarked) packets before this are missing.",
          at: WallClock.nanoseconds())
        bytes.writeImmutableBuffer(mark)
        lengths.append(mark.readableBytes)
      }
      while let block = rest.first, bytes.readableBytes < batch {
        bytes.writeImmutableBuffer(block)
        lengths.append(block.readableBytes)
        rest = rest.dropFirst()
      }
      let (whole, problem) = write(bytes, of: lengths, to: &disk)
      let marks = isMarked ? 0 : 1
      if whole >= marks, !isMarked {
        // The mark stands, so the gap ends here.
        events.append(.resumed(dropped: disk.unmarked))
        disk.unmarked = 0
        disk.retry = nil
        isMarked = true
      }
      disk.totals.packets += UInt64(max(0, whole - marks))
      if let problem {
        drop(UInt64(lengths.count - max(whole, marks) + rest.count), because: problem, at: &disk, &events)
        return
      }
    }
  }

  private static func drop(_ count: UInt64, because problem: String?, at disk: inout Disk, _ events: inout [Event]) {
    if disk.unmarked == 0, let problem { events.append(.interrupted(problem)) }
    disk.totals.dropped += count
    disk.unmarked += count
    if problem != nil { disk.retry = .now + pause }
  }

  /// Writes as many whole blocks as there is room for, and cuts off what is left of the next.
  private static func write(
    _ bytes: ByteBuffer, of lengths: [Int], to disk: inout Disk
  ) -> (whole: Int, problem: String?) {
    let descriptor = disk.descriptor
    var problem: String?
    let written = bytes.withUnsafeReadableBytes { memory in
      var written = 0
      while written < memory.count {
        let count = Glibc.write(descriptor, memory.baseAddress?.advanced(by: written), memory.count - written)
        if count > 0 {
          written += count
        } else if count == 0 || errno != EINTR {
          problem = Self.problem(count == 0 ? ENOSPC : errno)
          break
        }
      }
      return written
    }
    var (whole, kept) = (0, 0)
    for length in lengths {
      guard kept + length <= written else { break }
      kept += length
      whole += 1
    }
    disk.totals.bytes += UInt64(kept)
    if kept < written {
      let end = off_t(disk.totals.bytes)
      if ftruncate(descriptor, end) != 0 || lseek(descriptor, end, SEEK_SET) != end {
        problem = "\(problem ?? "") and the file cannot be cut back: \(Self.problem(errno))"
      }
    }
    return (whole, problem)
  }

  private static func problem(_ code: CInt) -> String { String(cString: strerror(code)) }
}
