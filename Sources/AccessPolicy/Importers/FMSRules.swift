/// Allow, Deny and Order of FMS and AMS: lists of addresses, partial addresses, names and `all`.
public struct FMSRules: Sendable {
  /// Which list is looked at first; the other one has the last word.
  public enum Order: String, Sendable, Hashable, CaseIterable {
    /// Refused is who is in Deny and not in Allow: Allow wins.
    case denyAllow = "Deny,Allow"
    /// Accepted is who is in Allow and not in Deny: Deny wins.
    case allowDeny = "Allow,Deny"

    init?(parsing text: String) {
      let words = text.lowercased().filter { !$0.isWhitespace }
      guard let order = Self.allCases.first(where: { $0.rawValue.lowercased() == words }) else { return nil }
      self = order
    }
  }

  /// Addresses in Allow.
  public var allow: AddressSet
  /// Addresses in Deny.
  public var deny: AddressSet

  /// Rules of these lists.
  public init(allow: AddressSet, deny: AddressSet) {
    self.allow = allow
    self.deny = deny
  }

  /// Whom they let in, in the words of the product's manual.
  public func accepts(_ address: IPAddress, order: Order) -> Bool {
    switch order {
    case .denyAllow: !(deny.contains(address) && !allow.contains(address))
    case .allowDeny: allow.contains(address) && !deny.contains(address)
    }
  }

  /// The same as lists of which the blacklist wins: with `Deny,Allow`, Deny without what Allow gives back.
  public func lists(order: Order) -> (whitelist: AddressSet?, blacklist: AddressSet) {
    switch order {
    case .denyAllow:
      let refused = deny.subtracting(allow)
      return deny == .all ? (whitelist: allow, blacklist: AddressSet()) : (whitelist: nil, blacklist: refused)
    case .allowDeny:
      return (whitelist: allow, blacklist: deny)
    }
  }
}

extension FMSRules {
  static func imported(from root: DocumentElement, source: ImportedPolicy.Source, order: Order?) -> ImportedPolicy {
    var policy = ImportedPolicy(source: source)
    root.walk { element, around in
      guard element.children.contains(where: { $0.name == "Allow" || $0.name == "Deny" }) else { return }
      let path = (around + [element]).map(\.name).joined(separator: "/")
      let name = element == root ? nil : path
      if let group = group(of: element, named: name, order: order, warnings: &policy.warnings) {
        policy.groups.append(group)
      }
    }
    return policy
  }

  private static func group(
    of element: DocumentElement, named name: String?, order given: Order?, warnings: inout [ImportedPolicy.Warning]
  ) -> ImportedPolicy.Group? {
    let allow = Members(element.children(named: "Allow"), isAllow: true, warnings: &warnings)
    let deny = Members(element.children(named: "Deny"), isAllow: false, warnings: &warnings)
    // Nothing in either: everybody.
    guard !allow.isEmpty || !deny.isEmpty else { return nil }
    let written = element.children(named: "Order").first
    let text = written?.text ?? ""
    if let written, !text.isEmpty, Order(parsing: text) == nil {
      warnings.append(.init(line: written.line, text: "the order \"\(text.prefix(40))\" is unknown and was not used"))
    }
    var rules = FMSRules(allow: allow.addresses, deny: deny.addresses)
    func lists(_ order: Order) -> ImportedPolicy.Group {
      if order == .allowDeny, allow.isEmpty { rules.allow = .all }
      let (whitelist, blacklist) = rules.lists(order: order)
      return .closed(name: name, whitelist: whitelist, blacklist: blacklist)
    }
    if let order = Order(parsing: text) ?? given {
      if order == .allowDeny, allow.isEmpty {
        warnings.append(.init(line: element.line, text: "an empty Allow was taken for `all`, as shipped files mean it"))
      }
      if order == .denyAllow, !deny.addresses.intersection(allow.addresses).isEmpty, deny.addresses != .all {
        warnings.append(
          .init(line: element.line, text: "Allow wins over Deny here: addresses in both were left out of the blacklist")
        )
      }
      return lists(order)
    }
    // Without Order the manuals disagree on what holds.
    let (first, second) = (lists(.denyAllow), lists(.allowDeny))
    guard first.allowed == second.allowed else {
      warnings.append(
        .init(
          line: element.line,
          text: "Allow and Deny were not carried over: without Order they may mean two things; say which by --order"))
      return nil
    }
    return first
  }

  /// What stands in the Allow or Deny elements of one place.
  private struct Members {
    var addresses = AddressSet()
    /// Whether there was anything, even if it could not be carried over.
    var isEmpty = true

    init(_ elements: [DocumentElement], isAllow: Bool, warnings: inout [ImportedPolicy.Warning]) {
      var ranges: [AddressRange] = []
      for element in elements {
        for item in element.text.split(whereSeparator: { $0 == "," || $0.isWhitespace }) {
          isEmpty = false
          if item.lowercased() == "all" {
            ranges += AddressSet.all.ranges
          } else if let range = Self.range(String(item)) {
            ranges.append(range)
          } else {
            let effect = isAllow ? "those it let in stay out" : "those it kept out may come in"
            warnings.append(
              .init(
                line: element.line,
                text: "\"\(item.prefix(80))\" was not carried over: names are not looked up; \(effect)"))
          }
        }
      }
      addresses = AddressSet(ranges)
    }

    /// An address, or the first numbers of one: `10.60` is `10.60.*.*`.
    private static func range(_ text: String) -> AddressRange? {
      if let address = IPAddress(text) { return AddressRange(address) }
      let digits = text.hasSuffix(".") ? text.dropLast() : text[...]
      guard !digits.isEmpty, digits.split(separator: ".", omittingEmptySubsequences: false).count < 4 else {
        return nil
      }
      return try? ListEntry(parsing: "\(digits).*").range
    }
  }
}
