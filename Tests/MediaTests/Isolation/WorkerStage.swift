import NIOCore
import Synchronization

@testable import Media

/// One worker with a process, and what becomes of it.
final class WorkerStage: Sendable {
  let workers: MediaWorkers
  private let log = Log()

  private final class Log: Sendable {
    let losses = Mutex<[WorkerLoss]>([])
  }

  init(_ program: WorkerProgram, patience: TimeAmount = .seconds(60), startPatience: TimeAmount = .seconds(60)) {
    var program = program
    program.patience = patience
    program.startPatience = startPatience
    let log = self.log
    self.workers = MediaWorkers(
      count: 1, codecs: .processes(program) { loss in log.losses.withLock { $0.append(loss) } })
  }

  deinit { self.workers.shutDown() }

  /// Losses so far, oldest first.
  var reported: [WorkerLoss] { self.log.losses.withLock { $0 } }

  /// A lane with one transcoder on the worker.
  func client(_ settings: TranscoderSettings) -> Client { Client(settings, self.workers) }
}

/// A transcoder on a lane, and what it answered.
final class Client: Sendable {
  struct Record: Sendable {
    var frames: [EncodedFrame] = []
    var done = 0
    var failures: [MediaError] = []
    /// For each loss, whether it was at work.
    var losses: [Bool] = []
  }

  private final class State {
    let host: CodecHost
    let settings: TranscoderSettings
    let record: Watched
    var transcoder: LaneTranscoder?

    init(_ host: CodecHost, _ settings: TranscoderSettings, _ record: Watched) {
      self.host = host
      self.settings = settings
      self.record = record
    }

    func run(_ command: TranscoderCommand) {
      let record = self.record
      let transcoder =
        self.transcoder
        ?? self.host.transcoder(self.settings) { [weak self] wasAtWork in
          self?.transcoder = nil
          record.change { $0.losses.append(wasAtWork) }
        }
      self.transcoder = transcoder
      transcoder.run(command) { answer in
        record.change {
          switch answer {
          case .frame(let frame): $0.frames.append(frame)
          case .done: $0.done += 1
          case .failed(let error): $0.failures.append(error)
          }
        }
      }
    }
  }

  let record = Watched()
  private let lane: MediaLane<State>

  init(_ settings: TranscoderSettings, _ workers: MediaWorkers) {
    let record = self.record
    self.lane = workers.lane(settings.label, limits: .init(frames: 10_000, span: .max)) { host in
      State(host, settings, record)
    }
  }

  func run(_ commands: some Sequence<TranscoderCommand> & Sendable) {
    self.lane.submit { state in for command in commands { state.run(command) } }
  }

  func push(_ frames: some Sequence<EncodedFrame> & Sendable) {
    for frame in frames { self.lane.submit(at: frame.time) { $0.run(.push(frame)) } }
  }

  /// Process id of the worker, nil when there is none now.
  func process() async -> Int32? {
    await withCheckedContinuation { done in self.lane.submit { done.resume(returning: $0.host.link?.processID) } }
  }

  func close() { self.lane.close() }

  /// A record that can be waited for.
  final class Watched: Sendable {
    private struct State {
      var record = Record()
      var waiting: [(@Sendable (Record) -> Bool, CheckedContinuation<Record, Never>)] = []
    }
    private let state = Mutex(State())

    var value: Record { self.state.withLock { $0.record } }

    func change(_ body: (inout Record) -> Void) {
      let served = self.state.withLock { state in
        body(&state.record)
        let record = state.record
        let served = state.waiting.filter { $0.0(record) }.map(\.1)
        state.waiting.removeAll { $0.0(record) }
        return served.map { ($0, record) }
      }
      for (continuation, record) in served { continuation.resume(returning: record) }
    }

    @discardableResult
    func wait(_ condition: @escaping @Sendable (Record) -> Bool) async -> Record {
      await withCheckedContinuation { continuation in
        let present = self.state.withLock { state -> Record? in
          if condition(state.record) { return state.record }
          state.waiting.append((condition, continuation))
          return nil
        }
        if let present { continuation.resume(returning: present) }
      }
    }
  }
}
