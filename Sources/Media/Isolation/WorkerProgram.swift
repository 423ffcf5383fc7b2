import CSandbox
import Glibc
import NIOCore

/// The program that runs as worker processes, and how they are kept.
public struct WorkerProgram: Sendable, Hashable {
  /// Path of the program.
  public var path: String
  /// Its arguments, without its name.
  public var arguments: [String]
  /// How long a worker may take for one command before it is ended and replaced.
  public var patience: TimeAmount = .seconds(3)
  /// How long it may take to begin.
  public var startPatience: TimeAmount = .seconds(10)

  /// Describes a program that calls `MediaWorkerProcess.run` when it gets these arguments.
  public init(path: String, arguments: [String]) {
    self.path = path
    self.arguments = arguments
  }

  /// This very program, as long as it heeds `MediaWorkerProcess.verb`. The link is to the file that runs, whatever
  /// stands at its path by now, so both ends are of one build.
  public static let own = WorkerProgram(path: "/proc/self/exe", arguments: [MediaWorkerProcess.verb])

  /// Starts a worker, waits for its first words, and ends it: whether workers can be had, and how well confined.
  public func probe() throws(WorkerLoss) -> Confinement {
    let process: WorkerProcess
    do throws(MediaError) {
      process = try WorkerProcess(self)
    } catch {
      throw WorkerLoss(reason: .notStarted("\(error)"))
    }
    process.socket.setReceiveTimeout(self.startPatience)
    var bytes = ByteBuffer()
    do {
      while true {
        if var message = try WireFormat.nextMessage(of: &bytes) {
          return try WorkerReply(reading: &message).greeting()
        }
        try process.socket.receive(into: &bytes)
      }
    } catch {
      throw WorkerLoss(reason: .notStarted("\(error)"))
    }
  }
}

/// A worker process, ended with its owner.
final class WorkerProcess {
  let socket: WorkerSocket
  let id: pid_t

  init(_ program: WorkerProgram) throws(MediaError) {
    var id: pid_t = 0
    let descriptor = Self.withPointers([program.path] + program.arguments) { arguments in
      Self.withPointers(Self.environment) { environment in
        fg_sandbox_spawn(program.path, arguments, environment, &id)
      }
    }
    guard descriptor >= 0 else { throw .noWorker(code: -descriptor) }
    self.socket = WorkerSocket(descriptor: descriptor)
    self.id = id
  }

  deinit {
    kill(self.id, SIGKILL)
    while waitpid(self.id, nil, 0) < 0, errno == EINTR {}
  }

  /// None of our environment, which may hold secrets, but what the program needs to be loaded.
  private static var environment: [String] {
    let kept = ["LD_LIBRARY_PATH", "ASAN_OPTIONS", "TSAN_OPTIONS"].compactMap { (name: String) in
      getenv(name).map { "\(name)=\(String(cString: $0))" }
    }
    // Swift's crash reporter would start a program, which is not allowed, and delays the end that we wait for.
    return kept + ["SWIFT_BACKTRACE=enable=no"]
  }

  private static func withPointers<Result>(
    _ strings: [String], _ body: (UnsafePointer<UnsafeMutablePointer<CChar>?>) -> Result
  ) -> Result {
    var pointers: [UnsafeMutablePointer<CChar>?] = strings.map { strdup($0) }
    pointers.append(nil)
    defer { for pointer in pointers { free(pointer) } }
    return body(&pointers)
  }
}
