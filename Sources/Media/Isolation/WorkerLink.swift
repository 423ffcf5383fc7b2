import NIOCore

/// The gateway's end of a worker process: starts it when there is work, hands it commands, gives out its answers, and
/// replaces it when it is lost. Belongs to its worker's thread.
///
/// Commands are collected and sent together; so one that finds the process busy costs no wake-up of its own.
final class WorkerLink {
  private enum State {
    case absent
    /// Started, but not heard of yet.
    case starting(WorkerProcess)
    case running(WorkerProcess)

    var process: WorkerProcess? {
      switch self {
      case .absent: nil
      case .starting(let process), .running(let process): process
      }
    }
  }

  private struct Pending {
    var id: TranscoderID
    var label: TranscodeLabel
    var cost: Int
    var answer: (TranscoderAnswer) -> Void
  }

  private struct Client {
    weak var transcoder: LaneTranscoder?
  }

  private let program: WorkerProgram
  private let report: @Sendable (WorkerLoss) -> Void
  private let spend: (TranscodeLabel, UInt64) -> Void
  private var state = State.absent
  private var input = ByteBuffer()
  private var output = ByteBuffer()
  /// Commands without an end, oldest first.
  private var pending = CircularBuffer<Pending>()
  private var pendingCost = 0
  /// Whether the process can have seen the oldest command, and so can have died of it.
  private var isOldestSent = false
  /// When processes were lost of late.
  private var losses: [NIODeadline] = []
  /// What came out of the oldest command so far.
  private var yield = (frames: 0, bytes: 0)
  /// When the oldest command became the oldest.
  private var progress = NIODeadline.uptimeNanoseconds(0)
  /// Since when commands have been waiting without a break, and the CPU time claimed for them.
  private var busy = (since: NIODeadline.uptimeNanoseconds(0), claimed: UInt64(0))
  private var clients: [TranscoderID: Client] = [:]
  private var lastID: UInt32 = 0

  /// - `report`: told of each loss of a process.
  /// - `spend`: told of CPU time, in nanoseconds.
  init(
    _ program: WorkerProgram, report: @escaping @Sendable (WorkerLoss) -> Void,
    spend: @escaping (TranscodeLabel, UInt64) -> Void
  ) {
    self.program = program
    self.report = report
    self.spend = spend
  }

  /// Of the process, nil when there is none now.
  var processID: Int32? { self.state.process?.id }

  /// Whether answers are awaited.
  var isWaiting: Bool { !self.pending.isEmpty }

  /// Whether no more commands should be given before some are answered: what is with the process cannot be overtaken by
  /// other lanes.
  var isFull: Bool { self.pendingCost >= Self.window }

  /// Makes a transcoder known; it is opened by its first command.
  func open(_ settings: TranscoderSettings, for transcoder: LaneTranscoder) throws(MediaError) -> TranscoderID {
    if case .absent = self.state {
      guard !self.losesTooManyProcesses else { throw .noWorker(code: 0) }
      self.state = .starting(try WorkerProcess(self.program))
      self.state.process?.socket.setReceiveTimeout(Self.tick)
      self.progress = .now()
    }
    self.lastID &+= 1
    let id = TranscoderID(number: self.lastID)
    self.clients[id] = Client(transcoder: transcoder)
    WorkerRequest.open(id, settings).write(to: &self.output)
    return id
  }

  /// Takes a command, to be sent by `exchange`.
  func run(
    _ command: TranscoderCommand, in id: TranscoderID, as settings: TranscoderSettings,
    answer: @escaping (TranscoderAnswer) -> Void
  ) {
    guard self.clients[id] != nil else { return }
    if self.pending.isEmpty {
      self.progress = .now()
      self.busy = (self.progress, 0)
      self.isOldestSent = false
    }
    WorkerRequest.run(id, command).write(to: &self.output)
    let cost = settings.cost
    self.pending.append(Pending(id: id, label: settings.label, cost: cost, answer: answer))
    self.pendingCost += cost
  }

  func close(_ id: TranscoderID) {
    guard self.clients.removeValue(forKey: id) != nil else { return }
    WorkerRequest.close(id).write(to: &self.output)
  }

  /// Sends what was collected, as far as it goes without waiting.
  func flush() {
    guard let process = self.state.process, self.output.readableBytes > 0 else { return }
    let unsent = self.output.readableBytes
    do throws(WorkerSocket.Failure) {
      try process.socket.send(&self.output, waiting: false)
      self.output.clear()
      self.isOldestSent = true
    } catch {
      if self.output.readableBytes < unsent { self.isOldestSent = true }
      if error != .wouldBlock { self.lose(.ended) }
    }
  }

  /// Sends what was collected, waits until something comes back or patience ends, and gives out the answers.
  func exchange() {
    self.flush()
    guard let process = self.state.process, self.isWaiting else { return }
    do throws(WorkerSocket.Failure) {
      // A process that does not read while we do not read either would wait for us for ever.
      let isBlocked = self.output.readableBytes > 0
      if isBlocked { _ = process.socket.waitUntilReadyForEither(Self.tick) }
      try process.socket.receive(into: &self.input, waiting: !isBlocked)
      try self.read()
    } catch {
      switch error {
      case .wouldBlock: self.loseIfSilent()
      case .closed, .system: self.lose(.ended)
      }
    }
  }

  /// Ends the process; nobody is told.
  func stop() {
    self.clients.removeAll()
    _ = self.forget()
  }

  private func read() throws(WorkerSocket.Failure) {
    do throws(WireError) {
      while let process = self.state.process, var message = try WireFormat.nextMessage(of: &self.input) {
        try self.handle(try WorkerReply(reading: &message), from: process)
      }
    } catch {
      return self.lose(.breach("\(error)"))
    }
    if self.input.readableBytes == 0 { self.input.clear() } else { self.input.discardReadBytes() }
    // One that always sends a little and never ends is as good as silent.
    self.loseIfSilent()
  }

  private func handle(_ reply: WorkerReply, from process: WorkerProcess) throws(WireError) {
    if case .starting = self.state {
      _ = try reply.greeting()
      self.state = .running(process)
      self.progress = .now()
      return
    }
    guard let oldest = self.pending.first else { throw .unexpected("an answer to nothing") }
    switch reply {
    case .hello: throw .unexpected("a second greeting")
    case .frame(let frame):
      self.yield.frames += 1
      self.yield.bytes += frame.data.readableBytes
      guard self.yield.frames <= WireFormat.maximumFrames else {
        throw .tooLong(length: self.yield.frames, limit: WireFormat.maximumFrames)
      }
      guard self.yield.bytes <= WireFormat.maximumBytes else {
        throw .tooLong(length: self.yield.bytes, limit: WireFormat.maximumBytes)
      }
      if self.clients[oldest.id] != nil { oldest.answer(.frame(frame)) }
    case .done(let time): self.end(oldest, .done, time)
    case .failed(let time, let error): self.end(oldest, .failed(error), time)
    }
  }

  private func end(_ command: Pending, _ answer: TranscoderAnswer, _ cpuTime: UInt64) {
    self.pending.removeFirst()
    self.pendingCost -= command.cost
    self.yield = (0, 0)
    self.progress = .now()
    // It cannot have worked longer than it had something to do.
    let possible = UInt64(max(0, (self.progress - self.busy.since).nanoseconds))
    let time = min(cpuTime, possible - min(possible, self.busy.claimed))
    self.busy.claimed += time
    self.spend(command.label, time)
    if self.clients[command.id] != nil { command.answer(answer) }
  }

  private func loseIfSilent() {
    let patience: TimeAmount
    switch self.state {
    case .absent: return
    case .starting: patience = self.program.startPatience
    case .running: patience = self.program.patience
    }
    if self.isWaiting, NIODeadline.now() - self.progress > patience { self.lose(.silent) }
  }

  /// Ends the process and tells all its transcoders. The next command starts another one.
  private func lose(_ reason: WorkerLoss.Reason) {
    let id = self.state.process?.id
    let clients = self.clients
    self.losses = self.losses.filter { NIODeadline.now() - $0 < Self.lossWindow } + [.now()]
    self.clients.removeAll()
    switch self.state {
    case .absent: return
    case .starting:
      // One that never begins would otherwise be started over and over: its commands fail, and so their tracks rest.
      self.report(WorkerLoss(reason: .notStarted("\(reason)"), process: id))
      let pending = self.forget()
      for client in clients.values { client.transcoder?.fail(.noWorker(code: 0)) }
      for command in pending where clients[command.id] != nil { command.answer(.failed(.noWorker(code: 0))) }
    case .running:
      // One that was dead before it got anything was not killed by what it did not get.
      let culprit = self.isOldestSent ? self.pending.first : nil
      self.report(WorkerLoss(reason: reason, process: id, label: culprit?.label))
      _ = self.forget()
      for (id, client) in clients { client.transcoder?.lost(wasAtWork: id == culprit?.id) }
    }
  }

  /// So many processes lost in so short a time that their tracks must rest: what kills them leaves no trace.
  private var losesTooManyProcesses: Bool {
    self.losses.filter { NIODeadline.now() - $0 < Self.lossWindow }.count >= Self.mostLosses
  }

  private func forget() -> [Pending] {
    defer { self.pending.removeAll() }
    self.state = .absent
    self.input.clear()
    self.output.clear()
    self.pendingCost = 0
    self.yield = (0, 0)
    return Array(self.pending)
  }

  /// Cost of commands that may be with the process at once.
  private static let window = 16
  private static let lossWindow = TimeAmount.seconds(10)
  private static let mostLosses = 8
  /// How often patience is looked at.
  private static let tick = TimeAmount.milliseconds(250)
}

extension TranscoderSettings {
  /// How much longer a command takes than one of sound.
  fileprivate var cost: Int {
    switch self {
    case .sound: 1
    case .picture: 4
    }
  }
}

extension WorkerReply {
  /// What the first message of a process says.
  func greeting() throws(WireError) -> Confinement {
    guard case .hello(let version, let missing) = self else { throw .unexpected("an answer before the greeting") }
    guard version == WireFormat.version else { throw .otherVersion(version) }
    return missing
  }
}
