import AccessPolicy

/// Who may come in: lists for all, per listener and per room, and the pages that may connect.
public struct AccessConfiguration: Sendable, Equatable {
  /// Where the cross-domain policy comes from.
  public enum CrossDomain: Sendable, Equatable {
    /// A policy file.
    case file(Located<String>)
    /// A list of domains, and the ports that sockets may connect to.
    case domains([DomainPattern], ports: PortSet)
  }

  /// Where the lists come from.
  public var sources: AccessSources
  /// Where the cross-domain policy comes from; nil: none is given.
  public var crossDomain: CrossDomain?
  /// `*` domains and `secure="false"` are no mistakes. Default false.
  public var allowsInsecure: Bool
  /// Flash clients must come by TLS. Default false.
  public var requiresEncryptedLegacy: Bool
  /// The page that a Flash client names must be of a domain of the cross-domain policy. Default false.
  public var requiresKnownPage: Bool
  /// The lists and policies as they were when the configuration was read.
  public internal(set) var rules: AccessRules

  init(
    sources: AccessSources = AccessSources(), crossDomain: CrossDomain? = nil, allowsInsecure: Bool = false,
    requiresEncryptedLegacy: Bool = false, requiresKnownPage: Bool = false, rules: AccessRules = AccessRules()
  ) {
    self.sources = sources
    self.crossDomain = crossDomain
    self.allowsInsecure = allowsInsecure
    self.requiresEncryptedLegacy = requiresEncryptedLegacy
    self.requiresKnownPage = requiresKnownPage
    self.rules = rules
  }

  /// The same words mean the same, whatever the files held when they were read.
  public static func == (left: AccessConfiguration, right: AccessConfiguration) -> Bool {
    left.sources == right.sources && left.crossDomain == right.crossDomain
      && left.allowsInsecure == right.allowsInsecure
      && left.requiresEncryptedLegacy == right.requiresEncryptedLegacy
      && left.requiresKnownPage == right.requiresKnownPage
  }

  /// Every file and folder that is named.
  public var paths: [String] {
    guard case .file(let path)? = crossDomain else { return sources.paths }
    return sources.paths + [path.value]
  }
}

extension AccessConfiguration {
  /// Reads `access` of the whole file; lists of listeners and rooms were read with these.
  init(
    reading value: ConfigurationValue?, listeners: [ListenerConfiguration], rooms: [String: RoomConfiguration],
    reader: ConfigurationReader
  ) {
    self.init()
    let section = value?.section(
      keys: [
        "whitelist", "blacklist", "cross_domain", "allow_insecure", "require_encrypted_legacy", "require_known_page",
      ])
    if let section { sources.all = AccessSources.Level(reading: section) }
    allowsInsecure = section?["allow_insecure"]?.boolean() ?? false
    requiresEncryptedLegacy = section?["require_encrypted_legacy"]?.boolean() ?? false
    requiresKnownPage = section?["require_known_page"]?.boolean() ?? false
    crossDomain = section?["cross_domain"].flatMap { Self.crossDomain(reading: $0, allowsInsecure, listeners) }
    if requiresKnownPage, section?["cross_domain"] == nil {
      section?["require_known_page"]?.problem("which pages are known? add `cross_domain: { domains: [...] }`")
    }
    for listener in listeners { sources.listeners["\(listener.address.value)"] = listener.access }
    for (name, room) in rooms { sources.rooms[name] = room.access }
    do throws(ConfigurationError) {
      rules = try load()
    } catch {
      for problem in error.problems { reader.report(problem) }
    }
  }

  private static func crossDomain(
    reading value: ConfigurationValue, _ allowsInsecure: Bool, _ listeners: [ListenerConfiguration]
  ) -> CrossDomain? {
    if value.isScalar { return value.text().map { .file(Located(value.resolved($0), at: value.position)) } }
    let section = value.section(keys: ["domains", "ports"])
    guard section.isReadable, let list = section.required("domains", "domains: [old.example.org]") else { return nil }
    var domains: [DomainPattern] = []
    for item in list.list(of: "domains, such as [old.example.org, \"*.example.com\"]") ?? [] {
      guard let text = item.text() else { continue }
      guard let domain = DomainPattern(parsing: text) else {
        item.problem("\(quoted(text)) is no domain: write a host, an address, \"*.suffix\" or \"*\"")
        continue
      }
      if domain == .any, !allowsInsecure {
        item.problem("\"*\" lets every page of the world connect: name domains, or set `allow_insecure: true`")
      }
      domains.append(domain)
    }
    var ports: [ClosedRange<UInt16>] = []
    if let list = section["ports"] {
      for item in list.list(of: "ports, such as [1935]") ?? [] {
        if let port = item.integer(in: 1...65535, what: "a port") { ports.append(UInt16(port)...UInt16(port)) }
      }
    } else {
      ports = listeners.map { UInt16(clamping: $0.address.value.port) }.map { $0...$0 }
    }
    return .domains(domains, ports: PortSet(ports))
  }
}

extension AccessConfiguration {
  /// Reads all lists and policies anew.
  /// - Throws: all that is wrong with them, each at its place.
  public func load() throws(ConfigurationError) -> AccessRules {
    var problems: [ConfigurationProblem] = []
    var policy = AccessPolicy()
    do throws(ListProblems) {
      policy = try sources.compile()
    } catch {
      problems += error.problems.map(ConfigurationProblem.init)
    }
    var crossDomain: CrossDomainPolicy?
    switch self.crossDomain {
    case nil: break
    case .domains(let domains, let ports):
      crossDomain = CrossDomainPolicy(domains: domains, ports: ports, isForHTTPSAlone: requiresEncryptedLegacy)
    case .file(let path):
      let (policy, found) = Self.read(crossDomainAt: path, allowsInsecure: allowsInsecure)
      crossDomain = policy
      problems += found
    }
    guard problems.isEmpty else { throw ConfigurationError(problems: problems) }
    return AccessRules(
      policy: policy, crossDomain: crossDomain, requiresEncryptedLegacy: requiresEncryptedLegacy,
      requiresKnownPage: requiresKnownPage)
  }

  private static func read(
    crossDomainAt path: Located<String>, allowsInsecure: Bool
  ) -> (CrossDomainPolicy?, [ConfigurationProblem]) {
    let limits = DocumentLimits()
    let bytes: [UInt8]
    switch BoundedFile.read(path.value, limit: limits.bytes) {
    case .failure(let reason):
      let words = "cannot read the policy file \(quoted(path.value)): \(reason): make it readable or name another one"
      return (nil, [ConfigurationProblem(at: path.position, words)])
    case .success(let read): bytes = read
    }
    do throws(DocumentError) {
      let root = try DocumentElement(reading: bytes, limits: limits)
      let (policy, problems) = CrossDomainPolicy.reading(root, allowInsecure: allowsInsecure)
      return (
        policy,
        problems.map {
          ConfigurationProblem(at: SourcePosition(file: path.value, line: $0.line), $0.message)
        }
      )
    } catch {
      return (nil, [ConfigurationProblem(at: SourcePosition(file: path.value), "\(error)")])
    }
  }
}

extension ConfigurationError {
  /// All that is wrong with lists.
  public init(_ problems: ListProblems) {
    self.init(problems: problems.problems.map(ConfigurationProblem.init))
  }

  /// A file that was named on the command line and cannot be used.
  public static func unreadable(_ file: String, _ reason: String) -> ConfigurationError {
    ConfigurationError(at: SourcePosition(file: file), reason)
  }
}

extension ConfigurationProblem {
  init(_ problem: ListProblem) {
    self.init(
      at: SourcePosition(file: problem.file, line: problem.line ?? 1, column: problem.column), problem.message)
  }
}

extension AccessSources.Level {
  /// Reads `access` of a listener or a room.
  init(reading value: ConfigurationValue) {
    self.init(reading: value.section(keys: ["whitelist", "blacklist"]))
  }

  /// Reads the lists of a section.
  init(reading section: ConfigurationSection) {
    self.init(
      whitelist: section["whitelist"].map(Self.items(reading:)) ?? [],
      blacklist: section["blacklist"].map(Self.items(reading:)) ?? [])
  }

  /// Files and folders; what reads as an entry is one.
  private static func items(reading value: ConfigurationValue) -> [AccessSources.Item] {
    let list = value.list(of: "files, folders or addresses, such as [lists/whitelist.txt] or [10.0.0.0/8]") ?? []
    return list.compactMap { item in
      guard let text = item.text() else { return nil }
      if let entry = try? ListEntry(parsing: text) {
        return .entry(entry, file: item.position.file, line: item.position.line)
      }
      return .path(item.resolved(text))
    }
  }
}
