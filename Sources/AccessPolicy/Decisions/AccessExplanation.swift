/// Everything the lists say of an address: for `policy explain`.
public struct AccessExplanation: Sendable {
  /// What one level says.
  public struct Level: Sendable {
    /// Which.
    public let level: AccessLevel
    /// All blacklist entries that cover the address.
    public let blacklisted: [ListedEntry]
    /// All whitelist entries that cover it.
    public let whitelisted: [ListedEntry]
    /// Whether it has a whitelist at all.
    public let hasWhitelist: Bool
    /// The files of its whitelist, where an entry could be added.
    public let whitelistFiles: [String]

    /// Whether the level lets the address in.
    public var allows: Bool { blacklisted.isEmpty && (!hasWhitelist || !whitelisted.isEmpty) }
  }

  /// The address, after PROXY and forwarding fields were resolved.
  public let address: IPAddress
  /// The decision.
  public let decision: AccessDecision
  /// The entry that decided, if one did.
  public let deciding: ListedEntry?
  /// Each level that applies, in the order in which they are asked.
  public let levels: [Level]

  /// What would have to change for the opposite decision, one step a line.
  public var changes: [String] {
    guard !decision.isAllowed else {
      let narrow = levels.last?.level ?? .all
      return ["to keep it out: add \(address) to the blacklist of \(narrow)"]
    }
    return levels.flatMap { level -> [String] in
      let removals = level.blacklisted.map { entry in
        "remove or narrow \(entry.range) at \(entry.place) (blacklist of \(level.level))"
      }
      guard level.hasWhitelist, level.whitelisted.isEmpty else { return removals }
      let file = level.whitelistFiles.first.map { ": \($0)" } ?? ""
      return removals + ["add \(address) to the whitelist of \(level.level)\(file)"]
    }
  }
}

extension AccessPolicy {
  /// Decides as ``decide(_:listener:room:)`` does, and says what each level found. Looks at every entry: for people.
  public func explain(_ address: IPAddress, listener: String? = nil, room: String? = nil) -> AccessExplanation {
    let decision = decide(address, listener: listener, room: room)
    let applying: [AccessLevel?] = [.all, listener.map(AccessLevel.listener), room.map(AccessLevel.room)]
    let levels = applying.compactMap { $0 }.map { level in
      let lists = lists(of: level)
      return AccessExplanation.Level(
        level: level, blacklisted: lists.blacklist.entries(covering: address),
        whitelisted: lists.whitelist.entries(covering: address), hasWhitelist: !lists.whitelist.isEmpty,
        whitelistFiles: lists.whitelist.files)
    }
    return AccessExplanation(
      address: address, decision: decision, deciding: entry(behind: decision), levels: levels)
  }
}
