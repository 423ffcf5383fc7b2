import Foundation
import Glibc
import Media
import Synchronization

/// The same chains in a worker process: decoder to encoder there, compressed frames over its socket.
final class WorkerChains {
  private let workers = MediaWorkers(count: 1, codecs: .processes(.own) { _ in })

  deinit { self.workers.shutDown() }

  /// Transcodes all frames; the bytes that came out.
  func run(_ settings: TranscoderSettings, _ frames: [EncodedFrame]) throws -> Int {
    let done = DispatchSemaphore(value: 0)
    let lane = self.workers.lane(settings.label, limits: .init(frames: frames.count, span: .max)) { host in
      Work(host, settings, awaited: frames.count, done)
    }
    for frame in frames { lane.submit(at: frame.time) { $0.push(frame) } }
    done.wait()
    let outcome = Outcome()
    lane.submit { work in
      outcome.value.withLock { $0 = (work.bytes, work.failure) }
      done.signal()
    }
    done.wait()
    let (bytes, failure) = outcome.value.withLock { $0 }
    if let failure { throw failure }
    return bytes
  }

  /// CPU time of this process and of the worker's, in seconds: what crossing costs on both sides is in it.
  static func cpuTime() -> Double {
    var usage = rusage()
    getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
    let own = Self.seconds(usage.ru_utime) + Self.seconds(usage.ru_stime)
    return own + Self.children().reduce(0) { $0 + Self.cpuTime(of: $1) }
  }

  private static func seconds(_ time: timeval) -> Double { Double(time.tv_sec) + Double(time.tv_usec) / 1e6 }

  private static func cpuTime(of process: pid_t) -> Double {
    var (clock, time) = (clockid_t(), timespec())
    guard clock_getcpuclockid(process, &clock) == 0, clock_gettime(clock, &time) == 0 else { return 0 }
    return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
  }

  private static func children() -> [pid_t] {
    let tasks = (try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/task")) ?? []
    return tasks.flatMap { task in
      let list = (try? String(contentsOfFile: "/proc/self/task/\(task)/children", encoding: .utf8)) ?? ""
      return list.split(separator: " ").compactMap { pid_t($0) }
    }
  }

  private final class Outcome: Sendable {
    let value = Mutex<(bytes: Int, failure: MediaError?)>((0, nil))
  }

  /// A lane's work; lives on the worker's thread.
  private final class Work {
    private let transcoder: LaneTranscoder
    private let done: DispatchSemaphore
    private var awaited: Int
    private(set) var bytes = 0
    private(set) var failure: MediaError?

    init(_ host: CodecHost, _ settings: TranscoderSettings, awaited: Int, _ done: DispatchSemaphore) {
      self.transcoder = host.transcoder(settings) { _ in }
      self.awaited = awaited
      self.done = done
    }

    func push(_ frame: EncodedFrame) {
      self.transcoder.run(.push(frame)) { answer in
        switch answer {
        case .frame(let frame): self.bytes += frame.data.readableBytes
        case .done: self.end(nil)
        case .failed(let error): self.end(error)
        }
      }
    }

    private func end(_ error: MediaError?) {
      self.failure = self.failure ?? error
      self.awaited -= 1
      if self.awaited == 0 { self.done.signal() }
    }
  }
}
