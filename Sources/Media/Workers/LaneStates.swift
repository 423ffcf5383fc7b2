/// The states of a worker's lanes; lives on the worker's stack and never leaves its thread.
///
/// This is what makes codecs, which are not `Sendable`, safe without a lock: a job is `Sendable` and gets at its
/// lane's state only through the reference it is run with.
struct LaneStates {
  private let host: CodecHost
  private var boxes: [LaneID: AnyObject] = [:]

  init(host: CodecHost) { self.host = host }

  /// Runs `body` on the state of `lane`, made by `make` if there is none yet.
  mutating func with<State>(_ lane: LaneID, make: (CodecHost) -> State, _ body: (inout State) -> Void) {
    if let box = self.boxes[lane] as? Box<State> {
      body(&box.state)
    } else {
      let box = Box(make(self.host))
      self.boxes[lane] = box
      body(&box.state)
    }
  }

  mutating func remove(_ lane: LaneID) { self.boxes[lane] = nil }

  mutating func removeAll() { self.boxes.removeAll() }

  private final class Box<State> {
    var state: State
    init(_ state: State) { self.state = state }
  }
}

/// Names a lane within its pool; never used twice.
struct LaneID: Hashable, Sendable {
  var number: UInt64
}
