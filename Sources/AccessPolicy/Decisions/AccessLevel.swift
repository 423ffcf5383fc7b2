/// Where lists apply. An address must be allowed on every level that applies to it.
public enum AccessLevel: Sendable, Hashable, CustomStringConvertible {
  /// Everywhere.
  case all
  /// At one listener, by the address that it is configured with.
  case listener(String)
  /// In one room.
  case room(String)

  /// As people and metrics know it: `all`, `listener 0.0.0.0:843`, `room board`.
  public var description: String {
    switch self {
    case .all: "all"
    case .listener(let name): "listener \(name)"
    case .room(let name): "room \(name)"
    }
  }
}

/// Which of the two lists of a level.
public enum ListKind: String, Sendable, Hashable, CaseIterable {
  /// Who is in it may come in; without entries it says nothing.
  case whitelist
  /// Who is in it may not.
  case blacklist
}

/// The lists of one level.
public struct AccessLists: Sendable {
  /// Nobody else may come in, unless it has no entries.
  public var whitelist: AddressList
  /// Nobody of these may come in.
  public var blacklist: AddressList

  /// Lists of a level; without entries unless given.
  public init(whitelist: AddressList = .empty, blacklist: AddressList = .empty) {
    self.whitelist = whitelist
    self.blacklist = blacklist
  }

  /// One of the two.
  public subscript(kind: ListKind) -> AddressList {
    switch kind {
    case .whitelist: whitelist
    case .blacklist: blacklist
    }
  }
}
