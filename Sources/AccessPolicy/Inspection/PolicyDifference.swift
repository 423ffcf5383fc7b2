/// Whom a change of lists would let in or keep out: for `policy diff`.
public struct PolicyDifference: Sendable, Equatable {
  /// What changes on one level. A level by itself: what another level says is not looked at.
  public struct Level: Sendable, Equatable {
    /// Which.
    public let level: AccessLevel
    /// Addresses that only the new lists let in.
    public let allowed: AddressSet
    /// Addresses that only the old lists let in.
    public let denied: AddressSet
  }

  /// Levels on which something changes.
  public let levels: [Level]

  /// Whether nothing changes.
  public var isEmpty: Bool { levels.isEmpty }

  /// Compares two policies.
  public init(from old: AccessPolicy, to new: AccessPolicy) {
    let names = old.levels + new.levels.filter { !old.levels.contains($0) }
    levels = names.compactMap { name in
      let (before, after) = (old.lists(of: name).allowed, new.lists(of: name).allowed)
      guard before != after else { return nil }
      return Level(level: name, allowed: after.subtracting(before), denied: before.subtracting(after))
    }
  }
}

extension AccessLists {
  /// The addresses that these lists let in.
  public var allowed: AddressSet {
    (whitelist.isEmpty ? AddressSet.all : whitelist.covered).subtracting(blacklist.covered)
  }
}
