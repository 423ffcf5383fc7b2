import Synchronization

/// The rooms that are there now: those of the start, until the configuration is read anew.
final class RoomsInForce: Sendable {
  private let rooms: Mutex<[String: RoomConfiguration]>

  /// Starts with `rooms`.
  init(_ rooms: [String: RoomConfiguration]) {
    self.rooms = Mutex(rooms)
  }

  /// The rooms now. What belongs to one decision takes them once.
  var current: [String: RoomConfiguration] { rooms.withLock { $0 } }

  /// The room of that name; nil when there is none.
  subscript(name: String) -> RoomConfiguration? { rooms.withLock { $0[name] } }

  /// Whether nobody comes in there without a key.
  func needsKey(_ name: String) -> Bool { self[name]?.isOpen == false }

  /// From now on, `rooms` are there.
  func replace(with rooms: [String: RoomConfiguration]) {
    self.rooms.withLock { $0 = rooms }
  }
}
