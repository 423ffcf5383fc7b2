extension ImportedPolicy {
  /// The same policy as FlashGate configuration (YAML). Warnings and origins stand in it as comments.
  public var configuration: String {
    var lines = ["# From \(source.rawValue)."]
    lines += warnings.map { "# warning: \(Self.oneLine($0.description))" }
    let forAll = groups.count == 1 ? groups[0] : groups.first { $0.name == nil }
    let others = groups.filter { $0.name != forAll?.name }
    if let forAll, let name = forAll.name { lines.append("# It was for \(Self.oneLine(name)).") }
    var access = forAll.map(Self.lists) ?? []
    if let crossDomain { access += Self.crossDomain(crossDomain) }
    if access.isEmpty {
      lines.append("# Nothing in it keeps anybody out.")
      lines.append("access: {}")
    } else {
      lines.append("access:")
      lines += access.map { "  \($0)" }
    }
    if !others.isEmpty {
      lines.append("listeners:")
      for group in others {
        let name = group.name ?? ""
        lines.append("  # For \(Self.oneLine(name)): set what it accepts.")
        lines.append("  - address: 0.0.0.0:\(Self.port(in: name) ?? 1935)")
        lines.append("    accept: [rtmp]")
        lines.append("    access:")
        let own = Self.lists(group)
        lines += (own.isEmpty ? ["{}"] : own).map { "      \($0)" }
      }
    }
    return lines.joined(separator: "\n") + "\n"
  }

  private static func lists(_ group: Group) -> [String] {
    func list(_ name: String, _ addresses: AddressSet) -> [String] {
      addresses.isEmpty ? [] : ["\(name):"] + addresses.ranges.flatMap(entries).map { "  - \"\($0)\"" }
    }
    return (group.whitelist.map { list("whitelist", $0) } ?? []) + list("blacklist", group.blacklist)
  }

  /// A run as one entry: what it prints reads back.
  private static func entries(_ range: AddressRange) -> [String] { ["\(range)"] }

  private static func crossDomain(_ policy: CrossDomainPolicy) -> [String] {
    var lines = ["cross_domain:", "  domains: [\(policy.domains.map { "\"\($0)\"" }.joined(separator: ", "))]"]
    let ports = PortSet(policy.accesses.flatMap { $0.ports?.ranges ?? [] })
    if !ports.isEmpty, ports.ranges.allSatisfy({ $0.count <= 64 }) {
      let all = ports.ranges.flatMap { $0.map { "\($0)" } }
      lines.append("  ports: [\(all.joined(separator: ", "))]")
    }
    if policy.domains.contains(.any) { lines.append("allow_insecure: true") }
    return lines
  }

  /// The port of an endpoint's address such as `rtmp://{server.name}:2037`.
  private static func port(in name: String) -> UInt16? {
    let digits = name.split(separator: ":").last?.prefix { ("0"..."9").contains($0) } ?? ""
    return name.contains("://") ? UInt16(digits) : nil
  }

  /// Text of a stranger's file, in a comment.
  private static func oneLine(_ text: String) -> String {
    String(String.UnicodeScalarView(text.unicodeScalars.map { $0.properties.generalCategory == .control ? " " : $0 }))
  }
}
