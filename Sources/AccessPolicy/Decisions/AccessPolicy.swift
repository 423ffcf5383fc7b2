/// Who may come in, by address: the lists of all levels, compiled. Immutable; a change of lists makes a new one.
///
/// An address must be allowed by each level that applies to it: all, the listener by which it came, the room that it
/// wants. A blacklist entry on any of them decides, whatever a whitelist says. A whitelist without entries lets in all.
public final class AccessPolicy: Sendable {
  /// The lists for all.
  public let all: AccessLists
  /// The lists of listeners, by the address that they are configured with.
  public let listeners: [String: AccessLists]
  /// The lists of rooms, by name.
  public let rooms: [String: AccessLists]

  /// Puts the lists together.
  public init(
    all: AccessLists = AccessLists(), listeners: [String: AccessLists] = [:], rooms: [String: AccessLists] = [:]
  ) {
    self.all = all
    self.listeners = listeners
    self.rooms = rooms
  }

  /// Whether no level has a list: everybody may come in.
  public var isEmpty: Bool {
    levels.allSatisfy { lists(of: $0).whitelist.isEmpty && lists(of: $0).blacklist.isEmpty }
  }

  /// Decides. Takes no lock and allocates nothing.
  /// - Parameters:
  ///   - listener: where the client came in; nil when no listener's lists apply, as for media datagrams.
  ///   - room: the room it wants; nil as long as that is not known.
  public func decide(_ address: IPAddress, listener: String? = nil, room: String? = nil) -> AccessDecision {
    let ofListener = listener.flatMap { listeners[$0] }
    let ofRoom = room.flatMap { rooms[$0] }
    if let entry = all.blacklist.entry(covering: address) { return .blacklisted(.all, entry) }
    if let listener, let entry = ofListener?.blacklist.entry(covering: address) {
      return .blacklisted(.listener(listener), entry)
    }
    if let room, let entry = ofRoom?.blacklist.entry(covering: address) { return .blacklisted(.room(room), entry) }
    if all.whitelist.refuses(address) { return .notWhitelisted(.all) }
    if let listener, ofListener?.whitelist.refuses(address) == true { return .notWhitelisted(.listener(listener)) }
    if let room, ofRoom?.whitelist.refuses(address) == true { return .notWhitelisted(.room(room)) }
    return .allowed
  }

  /// The lists of a level; without entries when it has none.
  public func lists(of level: AccessLevel) -> AccessLists {
    switch level {
    case .all: all
    case .listener(let name): listeners[name] ?? AccessLists()
    case .room(let name): rooms[name] ?? AccessLists()
    }
  }

  /// All levels that have lists, in the order in which they are asked.
  public var levels: [AccessLevel] {
    [.all] + listeners.keys.sorted().map(AccessLevel.listener) + rooms.keys.sorted().map(AccessLevel.room)
  }
}

extension AddressList {
  /// As a whitelist.
  fileprivate func refuses(_ address: IPAddress) -> Bool { !isEmpty && !contains(address) }
}
