import NIOCore
import Synchronization

/// A fixed pool of workers that run codecs, one a core unless told otherwise: a thread each, and where `CodecPlace` says
/// so a process beside it that does the thread's codec work, or no thread but the caller's.
///
/// A track takes a `MediaLane` and submits jobs; they run one after another, always on the same thread, on a state
/// that never leaves it. No job may wait for anything but the CPU.
public final class MediaWorkers: Sendable {
  private enum Life: Sendable {
    case running([WorkerThread])
    case stopped
  }

  private let workers: [MediaWorker]
  private let life: Mutex<Life>
  private let lanes = Atomic<UInt64>(0)

  /// Starts `count` threads, at least one; nil takes one for each core this process may use. Codecs run on them, or in
  /// a process that each of them starts when it has work.
  public init(count: Int? = nil, codecs place: CodecPlace = .threads) {
    if case .caller = place {
      self.workers = [MediaWorker(place: place)]
      self.life = Mutex(.running([]))
      return
    }
    let workers = (0..<max(1, count ?? System.coreCount)).map { _ in MediaWorker(place: place) }
    let threads = workers.compactMap { worker in
      WorkerThread { worker.run() }
    }
    // A system that gives no thread leaves workers that refuse work instead of swallowing it.
    workers[threads.count...].forEach { $0.stop() }
    self.workers = threads.isEmpty ? workers : Array(workers[..<threads.count])
    self.life = Mutex(.running(threads))
  }

  deinit { self.shutDown() }

  /// Number of workers.
  public var count: Int { self.workers.count }

  /// Loads by which the next lane's worker is chosen.
  var weights: [Int] { self.workers.map(\.weight) }

  /// Opens a lane on the least loaded worker.
  ///
  /// - `label`: what jobs are counted as, unless a job says otherwise.
  /// - `weight`: expected share of a core compared with other lanes; a lane with pictures weighs about 5 of sound.
  /// - `makeState`: makes the lane's state on the worker, before the first job; it is freed there after
  ///   `MediaLane.close`. It is given the host of the worker's transcoders, which it may keep.
  public func lane<State>(
    _ label: TranscodeLabel, limits: LaneLimits = .init(), weight: Int = 1,
    makeState: @escaping @Sendable (CodecHost) -> State
  ) -> MediaLane<State> {
    let id = LaneID(number: self.lanes.wrappingAdd(1, ordering: .relaxed).newValue)
    let worker = self.workers.min { $0.weight < $1.weight } ?? self.workers[0]
    worker.open(id, limits: limits, weight: weight)
    return MediaLane(id: id, label: label, worker: worker, makeState: makeState)
  }

  /// Opens a lane whose jobs need no transcoder.
  public func lane<State>(
    _ label: TranscodeLabel, limits: LaneLimits = .init(), weight: Int = 1,
    makeState: @escaping @Sendable () -> State
  ) -> MediaLane<State> {
    self.lane(label, limits: limits, weight: weight) { _ in makeState() }
  }

  /// CPU seconds of all finished jobs by what they turned into what, since the start.
  public var transcodeSeconds: [TranscodeLabel: Double] {
    self.workers.map(\.cpuTime).reduce(into: [:]) { sums, worker in
      for (label, nanoseconds) in worker { sums[label, default: 0] += Double(nanoseconds) / 1e9 }
    }
  }

  /// Drops what waits, lets running jobs end, frees all states on their threads and joins these. Blocks meanwhile;
  /// later calls do nothing.
  public func shutDown() {
    let life = self.life.withLock { life in
      defer { life = .stopped }
      return life
    }
    guard case .running(let threads) = life else { return }
    self.workers.forEach { $0.stop() }
    threads.forEach { $0.join() }
  }
}
