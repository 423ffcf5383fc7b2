/// Lines `allow ...` and `deny ...` of nginx-rtmp, Red5 and SRS.
public struct DirectiveRules: Sendable {
  /// What a client came to do.
  public enum Purpose: String, Sendable, Hashable, CaseIterable {
    /// It sends.
    case publish
    /// It receives.
    case play
  }

  /// One line.
  public struct Rule: Sendable, Hashable {
    /// Allow or deny.
    public let allows: Bool
    /// For whom.
    public let purposes: Set<Purpose>
    /// The addresses.
    public let addresses: AddressSet

    /// A line of its parts.
    public init(allows: Bool, purposes: Set<Purpose>, addresses: AddressSet) {
      self.allows = allows
      self.purposes = purposes
      self.addresses = addresses
    }
  }

  /// How the lines work together.
  public enum Precedence: Sendable, Hashable {
    /// The first that matches decides; without one, everybody may (nginx-rtmp).
    case firstMatch
    /// Deny wins; if there are allow lines, one must match (SRS).
    case denyWins
  }

  /// The lines, in order.
  public var rules: [Rule]
  /// How they work together.
  public var precedence: Precedence

  /// Rules of these lines.
  public init(rules: [Rule], precedence: Precedence) {
    self.rules = rules
    self.precedence = precedence
  }

  /// Whom they let in, line by line, as the servers do.
  public func accepts(_ address: IPAddress, for purpose: Purpose) -> Bool {
    let matching = rules.filter { $0.purposes.contains(purpose) && $0.addresses.contains(address) }
    switch precedence {
    case .firstMatch: return matching.first?.allows ?? true
    case .denyWins:
      if matching.contains(where: { !$0.allows }) { return false }
      return matching.contains(where: \.allows) || !rules.contains(where: \.allows)
    }
  }

  /// The addresses that they let in.
  public func accepted(for purpose: Purpose) -> AddressSet {
    let applying = rules.filter { $0.purposes.contains(purpose) }
    switch precedence {
    case .firstMatch:
      // From the last line to the first: what comes before wins.
      return applying.reversed().reduce(AddressSet.all) { set, rule in
        rule.allows ? set.union(rule.addresses) : set.subtracting(rule.addresses)
      }
    case .denyWins:
      let allowed = applying.filter(\.allows).reduce(AddressSet()) { $0.union($1.addresses) }
      let denied = applying.filter { !$0.allows }.reduce(AddressSet()) { $0.union($1.addresses) }
      return (rules.contains(where: \.allows) ? allowed : AddressSet.all).subtracting(denied)
    }
  }
}

extension DirectiveRules {
  static func imported(from text: String) throws(ImportError) -> ImportedPolicy {
    var warnings: [ImportedPolicy.Warning] = []
    var rules: [Rule] = []
    var isSRS = false
    for (index, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
      let code = line.prefix { $0 != "#" }
      for statement in code.split(whereSeparator: { ";{}\r".contains($0) }) {
        let words = statement.split(whereSeparator: \.isWhitespace).map { $0.lowercased() }
        if words.first == "security" || words.first == "vhost" { isSRS = true }
        guard let verb = words.first, verb == "allow" || verb == "deny" else { continue }
        if let rule = rule(words, line: index + 1, warnings: &warnings) { rules.append(rule) }
      }
    }
    guard !rules.isEmpty || !warnings.isEmpty else { throw .nothingKnown }
    let directives = DirectiveRules(rules: rules, precedence: isSRS ? .denyWins : .firstMatch)
    var policy = ImportedPolicy(source: isSRS ? .srs : .firstMatch)
    let (publish, play) = (directives.accepted(for: .publish), directives.accepted(for: .play))
    if publish != play {
      warnings.append(
        .init(
          line: 1,
          text: "the lines tell publish from play, which lists of addresses do not: only those that may do both come in"
        ))
    }
    policy.warnings = warnings
    policy.groups = [group(of: publish.intersection(play), warnings: &policy.warnings)]
    return policy
  }

  /// As a whitelist when most are kept out, otherwise as a blacklist.
  private static func group(
    of allowed: AddressSet, warnings: inout [ImportedPolicy.Warning]
  ) -> ImportedPolicy.Group {
    let denied = AddressSet.all.subtracting(allowed)
    if allowed.isEmpty { warnings.append(.init(line: 1, text: "nobody may come in")) }
    return allowed.ranges.count <= denied.ranges.count && !denied.isEmpty
      ? .closed(name: nil, whitelist: allowed, blacklist: AddressSet())
      : .closed(name: nil, whitelist: nil, blacklist: denied)
  }

  private static func rule(_ words: [String], line: Int, warnings: inout [ImportedPolicy.Warning]) -> Rule? {
    var rest = words.dropFirst()
    var purposes: Set<Purpose> = []
    while let purpose = rest.first.flatMap(Purpose.init(rawValue:)) {
      purposes.insert(purpose)
      rest.removeFirst()
    }
    guard let target = rest.first, rest.count == 1 else {
      warnings.append(.init(line: line, text: "the line has no single address and was not carried over"))
      return nil
    }
    let addresses: AddressSet
    if target == "all" {
      addresses = .all
    } else if let entry = try? ListEntry(parsing: target) {
      addresses = AddressSet([entry.range])
    } else {
      warnings.append(.init(line: line, text: "\"\(target.prefix(80))\" is no address and was not carried over"))
      return nil
    }
    return Rule(
      allows: words.first == "allow", purposes: purposes.isEmpty ? Set(Purpose.allCases) : purposes,
      addresses: addresses)
  }
}
