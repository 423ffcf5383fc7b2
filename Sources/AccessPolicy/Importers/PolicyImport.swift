extension ImportedPolicy {
  /// Reads a configuration of another server and translates its rules of access.
  /// - Parameter order: which of Allow and Deny wins in FMS files that do not say; nil: such rules are translated only
  ///   when it makes no difference.
  public init(
    reading bytes: some Collection<UInt8>, order: FMSRules.Order? = nil, limits: DocumentLimits = DocumentLimits()
  ) throws(ImportError) {
    let isDocument = bytes.first { !" \t\r\n\u{FEFF}".utf8.contains($0) } == UInt8(ascii: "<")
    guard isDocument else {
      guard bytes.count <= limits.bytes else { throw .document(.tooLarge(limit: limits.bytes)) }
      self = try DirectiveRules.imported(from: String(decoding: bytes, as: UTF8.self))
      return
    }
    let root: DocumentElement
    do throws(DocumentError) {
      root = try DocumentElement(reading: bytes, limits: limits)
    } catch {
      throw .document(error)
    }
    switch root.name {
    case "services-config", "services", "channels", "channel-definition": self = BlazeDSRules.imported(from: root)
    case "Adaptor": self = FMSRules.imported(from: root, source: .adaptor, order: order)
    case "VirtualHost": self = FMSRules.imported(from: root, source: .virtualHost, order: order)
    case "Application": self = FMSRules.imported(from: root, source: .application, order: order)
    case "cross-domain-policy": self = try Self.imported(crossDomain: root)
    default: throw .nothingKnown
    }
  }

  private static func imported(crossDomain root: DocumentElement) throws(ImportError) -> ImportedPolicy {
    // What is unsafe is carried over and told: the configuration refuses it until somebody has decided.
    let (policy, problems) = CrossDomainPolicy.reading(root, allowInsecure: true)
    if !problems.isEmpty { throw .crossDomain(problems) }
    var imported = ImportedPolicy(source: .crossDomain)
    imported.crossDomain = policy
    for access in policy.accesses {
      if access.domain == .any {
        imported.warnings.append(
          .init(line: access.line, text: "every domain may connect: FlashGate wants `allow_insecure: true` for that"))
      }
      if access.isSecure == false {
        imported.warnings.append(
          .init(
            line: access.line,
            text: "secure=\"false\" lets pages in the clear in: keep the file and set `allow_insecure: true`"))
      }
    }
    if policy.siteControl != nil || !policy.headers.isEmpty || policy.hasIdentities {
      imported.warnings.append(
        .init(
          line: root.line,
          text: "site-control, headers and identities stand in files only: name the file itself as `cross_domain`"))
    }
    return imported
  }
}

extension ImportedPolicy.Group {
  /// Rules of which some could not be carried over. If nothing of a whitelist is left, nobody may come in: an empty
  /// whitelist would let everybody in.
  static func closed(name: String?, whitelist: AddressSet?, blacklist: AddressSet) -> Self {
    if let whitelist, whitelist.isEmpty { return Self(name: name, whitelist: nil, blacklist: .all) }
    return Self(name: name, whitelist: whitelist == .all ? nil : whitelist, blacklist: blacklist)
  }
}
