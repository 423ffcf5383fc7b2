/// One thing wrong with a policy file.
public struct CrossDomainProblem: Error, Sendable, Hashable, CustomStringConvertible {
  /// From 1.
  public let line: Int
  /// What is wrong and what to do, in one line.
  public let message: String

  /// `line N: what is wrong`
  public var description: String { "line \(line): \(message)" }
}

extension CrossDomainPolicy {
  /// Reads and checks a policy file.
  /// - Parameter allowInsecure: `*` and `secure="false"` are no problems.
  /// - Returns: the policy, which is worth something only without problems, and all that is wrong.
  public static func reading(
    _ root: DocumentElement, allowInsecure: Bool
  ) -> (policy: CrossDomainPolicy, problems: [CrossDomainProblem]) {
    var reading = PolicyFileReading(allowInsecure: allowInsecure)
    reading.read(root)
    return (reading.policy, reading.problems)
  }
}

private struct PolicyFileReading {
  let allowInsecure: Bool
  var policy = CrossDomainPolicy()
  var problems: [CrossDomainProblem] = []

  mutating func read(_ root: DocumentElement) {
    guard root.name == "cross-domain-policy" else {
      return problem(root, "the root element is <\(root.name)>, not <cross-domain-policy>")
    }
    for (index, element) in root.children.enumerated() {
      switch element.name {
      case "site-control": siteControl(element, isFirst: index == 0)
      case "allow-access-from": access(element)
      case "allow-http-request-headers-from": headers(element)
      case "allow-access-from-identity": policy.hasIdentities = true
      default: problem(element, "<\(element.name)> is no element of a policy file: remove it")
      }
    }
  }

  private mutating func siteControl(_ element: DocumentElement, isFirst: Bool) {
    if policy.siteControl != nil { problem(element, "a second <site-control>: remove one") }
    let text = element.attributes["permitted-cross-domain-policies"] ?? ""
    guard let value = CrossDomainPolicy.SiteControl(rawValue: text) else {
      let values = CrossDomainPolicy.SiteControl.allCases.map(\.rawValue).joined(separator: ", ")
      return problem(element, "permitted-cross-domain-policies must be one of \(values), not \"\(text.prefix(40))\"")
    }
    policy.siteControl = value
  }

  private mutating func access(_ element: DocumentElement) {
    check(element, attributes: ["domain", "to-ports", "secure"])
    guard let domain = domain(element) else { return }
    let isSecure = secure(element)
    var ports: PortSet?
    if let text = element.attributes["to-ports"] {
      ports = PortSet(parsing: text)
      if ports == nil { problem(element, "to-ports must be ports, ranges or *, not \"\(text.prefix(40))\"") }
    }
    policy.accesses.append(.init(domain: domain, ports: ports, isSecure: isSecure, line: element.line))
  }

  private mutating func headers(_ element: DocumentElement) {
    check(element, attributes: ["domain", "headers", "secure"])
    guard let domain = domain(element) else { return }
    let names = element.attributes["headers"] ?? ""
    if names.isEmpty { problem(element, "<allow-http-request-headers-from> needs headers=\"...\"") }
    policy.headers.append(.init(domain: domain, names: names, isSecure: secure(element), line: element.line))
  }

  private mutating func domain(_ element: DocumentElement) -> DomainPattern? {
    guard let text = element.attributes["domain"], let domain = DomainPattern(parsing: text) else {
      let text = element.attributes["domain"] ?? ""
      problem(element, "domain must be a host, an address, *.suffix or *, not \"\(text.prefix(80))\"")
      return nil
    }
    if domain == .any, !allowInsecure {
      problem(element, "domain=\"*\" lets every page of the world connect: name domains, or set `allow_insecure: true`")
    }
    return domain
  }

  private mutating func secure(_ element: DocumentElement) -> Bool? {
    switch element.attributes["secure"] {
    case nil: return nil
    case "true"?: return true
    case "false"?:
      if !allowInsecure {
        problem(
          element,
          "secure=\"false\" lets pages that came in the clear use HTTPS: remove it, or set `allow_insecure: true`")
      }
      return false
    case let text?:
      problem(element, "secure must be true or false, not \"\(text.prefix(40))\"")
      return nil
    }
  }

  private mutating func check(_ element: DocumentElement, attributes known: [String]) {
    for name in element.attributes.keys.sorted() where !known.contains(name) {
      problem(element, "<\(element.name)> has no attribute \(name.prefix(40)): remove it")
    }
  }

  private mutating func problem(_ element: DocumentElement, _ message: String) {
    problems.append(.init(line: element.line, message: message))
  }
}
