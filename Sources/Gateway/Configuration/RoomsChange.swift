/// What another reading of the configuration file makes of the rooms of a running gateway.
struct RoomsChange: Sendable, Equatable {
  /// The rooms to be in force.
  let rooms: [String: RoomConfiguration]
  /// Those that came, went, or are other than they were; sorted.
  let changed: [String]
  /// Those that stay as they are, or away, until a restart; sorted.
  let waiting: [String]

  /// A room's old server is spoken to from the start on, and keys need a store that was opened then.
  /// - Parameter servesKeys: whether this gateway has a store of keys.
  init(from old: [String: RoomConfiguration], to new: [String: RoomConfiguration], servesKeys: Bool) {
    var rooms: [String: RoomConfiguration] = [:]
    var changed: [String] = []
    var waiting: [String] = []
    for name in Set(old.keys).union(new.keys).sorted() {
      let (before, after) = (old[name], new[name])
      if before?.shadow != after?.shadow || after?.isOpen == false && !servesKeys {
        waiting.append(name)
        rooms[name] = before
      } else {
        rooms[name] = after
        if before.map(Self.core) != after.map(Self.core) { changed.append(name) }
      }
    }
    self.rooms = rooms
    self.changed = changed
    self.waiting = waiting
  }

  /// A room without its lists, which are rules of access.
  private static func core(_ room: RoomConfiguration) -> RoomConfiguration {
    var room = room
    room.access = .init()
    return room
  }
}
