import Synchronization

/// Whether new sessions may come, and if not, why: what `/readyz` answers.
public struct Readiness: Sendable, Equatable {
  /// Where the gateway is in its life.
  public enum Phase: String, Sendable {
    /// Not all listeners are open yet.
    case starting
    /// Sessions may come.
    case ready
    /// No new sessions; the present ones end within the drain time-out.
    case draining
  }

  /// One part that can fail while the gateway goes on.
  public struct Fault: Sendable, Equatable {
    /// Which part, such as `certificate` or `store`.
    public let part: String
    /// What is wrong with it, in one line without secrets.
    public let detail: String
    /// New sessions cannot be served while it lasts. Otherwise the last good state is in force and the fault is told only.
    public let isBlocking: Bool

    /// A fault of a part.
    public init(part: String, detail: String, isBlocking: Bool) {
      self.part = part
      self.detail = detail
      self.isBlocking = isBlocking
    }
  }

  /// Where the gateway is in its life.
  public var phase: Phase
  /// At most one for each part, sorted by part.
  public private(set) var faults: [Fault]

  /// A gateway in this phase without faults.
  public init(phase: Phase = .starting) {
    self.phase = phase
    self.faults = []
  }

  /// True if a load balancer should send sessions here.
  public var isReady: Bool { phase == .ready && !faults.contains(where: \.isBlocking) }

  /// Replaces the fault of the same part.
  public mutating func report(_ fault: Fault) {
    clear(part: fault.part)
    faults.append(fault)
    faults.sort { $0.part < $1.part }
  }

  /// The part works again.
  public mutating func clear(part: String) {
    faults.removeAll { $0.part == part }
  }

  /// `{"status":"ready","faults":[]}`
  var json: JSON {
    let list = faults.map { fault in
      JSON.object([
        .init("part", .string(fault.part)), .init("detail", .string(fault.detail)),
        .init("blocking", .boolean(fault.isBlocking)),
      ])
    }
    let status = phase == .ready && !isReady ? "faulty" : phase.rawValue
    return .object([.init("status", .string(status)), .init("faults", .array(list))])
  }
}

/// The readiness of this process, told by many parts and read by the admin listener.
public final class ReadinessBoard: Sendable {
  private let readiness: Mutex<Readiness>

  /// A board that shows `readiness`.
  public init(_ readiness: Readiness = Readiness()) {
    self.readiness = Mutex(readiness)
  }

  /// What is told now.
  public var current: Readiness { readiness.withLock { $0 } }

  /// Changes what is told.
  public func update(_ change: (inout Readiness) -> Void) {
    // On a copy: the compiler rightly fears that a closure from outside keeps a hold on the guarded value.
    readiness.withLock { state in
      var copy = state
      change(&copy)
      state = copy
    }
  }
}
