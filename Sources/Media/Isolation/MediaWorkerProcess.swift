import CSandbox
import Glibc
import NIOCore

/// What a worker process does: takes commands from its socket, runs transcoders, answers, and ends with its gateway.
public enum MediaWorkerProcess {
  /// The argument that makes the program a worker.
  public static let verb = "media-worker"

  /// Gives up all rights and serves the socket that `WorkerProgram` handed over; never returns.
  public static func run() -> Never {
    let missing = Confinement.enter(addressSpace: 4 << 30)
    var service = WorkerService(socket: WorkerSocket(descriptor: FG_SANDBOX_SOCKET))
    var code: Int32 = 0
    // Nobody to tell: the standard streams lead nowhere, and the gateway sees the end.
    do { try service.run(confinement: missing) } catch { code = error is WorkerSocket.Failure ? 0 : 1 }
    _exit(code)
  }
}

/// The conversation in a worker process.
struct WorkerService: ~Copyable {
  private enum Place {
    case closed(TranscoderSettings)
    case open(Transcoder)
    case failed(MediaError)
  }

  private let socket: WorkerSocket
  private var places: [TranscoderID: Place] = [:]
  private var input = ByteBuffer()
  private var output = ByteBuffer()
  private var lastSent = NIODeadline.uptimeNanoseconds(0)
  /// CPU time by the end of the last command; nil after a wait for the next. The thread's clock is a system call.
  private var clock: UInt64?

  init(socket: consuming WorkerSocket) { self.socket = socket }

  /// Serves until the other side closes, which is an error like all else that ends it.
  mutating func run(confinement: Confinement) throws {
    WorkerReply.hello(version: WireFormat.version, missing: confinement).write(to: &self.output)
    while true {
      try self.send()
      self.clock = nil
      try self.socket.receive(into: &self.input)
      while var message = try WireFormat.nextMessage(of: &self.input) {
        try self.handle(try WorkerRequest(reading: &message))
        // Answers leave in groups when commands come in groups, but none waits for long.
        if NIODeadline.now() - self.lastSent > Self.longestWait || self.output.readableBytes > Self.enough {
          try self.send()
        }
      }
      if self.input.readableBytes == 0 { self.input.clear() } else { self.input.discardReadBytes() }
    }
  }

  private mutating func send() throws(WorkerSocket.Failure) {
    try self.socket.send(&self.output, waiting: true)
    self.output.clear()
    self.lastSent = .now()
  }

  private mutating func handle(_ request: WorkerRequest) throws(WireError) {
    switch request {
    case .open(let id, let settings):
      guard self.places[id] == nil else { throw .unexpected("a transcoder's second opening") }
      self.places[id] = .closed(settings)
    case .run(let id, let command):
      guard let place = self.places[id] else { throw .unexpected("a command without a transcoder") }
      let start = self.clock ?? WorkerThread.cpuTime()
      do throws(MediaError) {
        try self.run(command, in: place, of: id)
        WorkerReply.done(cpuTime: self.time(since: start)).write(to: &self.output)
      } catch {
        self.places[id] = .failed(error)
        WorkerReply.failed(cpuTime: self.time(since: start), error).write(to: &self.output)
      }
    case .close(let id): self.places[id] = nil
    }
  }

  private mutating func time(since start: UInt64) -> UInt64 {
    let now = WorkerThread.cpuTime()
    self.clock = now
    return now - min(now, start)
  }

  private mutating func run(
    _ command: TranscoderCommand, in place: Place, of id: TranscoderID
  ) throws(MediaError) {
    let transcoder: Transcoder
    switch place {
    case .open(let open): transcoder = open
    case .closed(let settings):
      transcoder = try Transcoder(settings)
      self.places[id] = .open(transcoder)
    case .failed(let error): throw error
    }
    try transcoder.run(command) { WorkerReply.frame($0).write(to: &self.output) }
  }

  /// Commands that wait are worked on for so long before their answers are sent together.
  private static let longestWait = TimeAmount.milliseconds(1)
  private static let enough = 64 << 10
}
