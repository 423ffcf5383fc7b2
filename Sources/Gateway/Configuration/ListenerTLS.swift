import Edge

/// Certificate and versions of a TLS listener.
public struct ListenerTLS: Sendable, Equatable {
  /// A version of TLS, oldest first.
  public enum Version: String, Sendable, CaseIterable, Comparable {
    case tls10 = "1.0"
    case tls11 = "1.1"
    case tls12 = "1.2"
    case tls13 = "1.3"

    /// Older before newer.
    public static func < (left: Version, right: Version) -> Bool { left.rawValue < right.rawValue }
  }

  /// PEM file with the certificate and its chain; it could be loaded and was valid when the configuration was read.
  public var certificate: Located<String>
  /// PEM file with the private key; it fitted the certificate when the configuration was read.
  public var key: Located<String>
  /// Oldest version spoken. Default 1.2; 1.0 is there for old players.
  public var minimumVersion: Version
  /// Newest version spoken. Default 1.3.
  public var maximumVersion: Version

  /// PEM file with the authorities that sign clients' certificates; nil: clients are not asked for any.
  public var clientAuthorities: Located<String>?
  /// Whether a client without a certificate is refused.
  public var requiresClientCertificate: Bool

  init(
    certificate: Located<String>, key: Located<String>, minimumVersion: Version = .tls12,
    maximumVersion: Version = .tls13, clientAuthorities: Located<String>? = nil,
    requiresClientCertificate: Bool = false
  ) {
    self.certificate = certificate
    self.key = key
    self.clientAuthorities = clientAuthorities
    self.requiresClientCertificate = requiresClientCertificate
    self.minimumVersion = minimumVersion
    self.maximumVersion = maximumVersion
  }
}

extension ListenerTLS {
  init?(reading value: ConfigurationValue) {
    let section = value.section(keys: [
      "certificate", "key", "minimum_version", "maximum_version", "client_certificates",
    ])
    guard section.isReadable else { return nil }
    let certificate = section.required("certificate", "certificate: tls/cert.pem")?.pemFile(holding: .certificate)
    let key = section.required("key", "key: tls/key.pem")?.pemFile(holding: .privateKey)
    let clients = section["client_certificates"]?.section(keys: ["authorities", "required"])
    let authorities = clients?.required("authorities", "authorities: tls/clients.pem")?.pemFile(holding: .certificate)
    let isRequired = clients?["required"]?.boolean() ?? false
    let minimum = section["minimum_version"].flatMap(Self.version(reading:))
    let maximum = section["maximum_version"].flatMap(Self.version(reading:))
    if (minimum ?? .tls12) > (maximum ?? .tls13) {
      (section["minimum_version"] ?? section["maximum_version"] ?? value).problem(
        "minimum_version \((minimum ?? .tls12).rawValue) is above maximum_version \((maximum ?? .tls13).rawValue): swap them"
      )
    }
    guard let certificate, let key else { return nil }
    self.init(
      certificate: certificate, key: key, minimumVersion: minimum ?? .tls12, maximumVersion: maximum ?? .tls13,
      clientAuthorities: authorities, requiresClientCertificate: isRequired)
    guard value.reader.checksCertificates else { return }
    do throws(TLSLoadError) {
      _ = try settings.makeContext(validAt: value.reader.now)
    } catch {
      if let problem = problem(error) { value.reader.report(problem) }
    }
  }

  private static func version(reading value: ConfigurationValue) -> Version? {
    value.choice(of: Version.allCases.map(\.rawValue)).flatMap(Version.init(rawValue:))
  }

  /// What the TLS library is told.
  var settings: TLSSettings {
    var settings = TLSSettings(
      certificatePath: certificate.value, keyPath: key.value, minimumVersion: minimumVersion.ofEdge,
      maximumVersion: maximumVersion.ofEdge)
    settings.clients = clientAuthorities.map {
      TLSSettings.ClientCertificates(authoritiesPath: $0.value, isRequired: requiresClientCertificate)
    }
    return settings
  }

  /// An error of loading, at the place of the value to blame. Nil for what was reported when the values were read.
  func problem(_ error: TLSLoadError) -> ConfigurationProblem? {
    switch error {
    case .certificate:
      ConfigurationProblem(
        at: certificate.position,
        "the certificate in \(quoted(certificate.value)) cannot be read: it is damaged, put a good PEM file there")
    case .key:
      ConfigurationProblem(
        at: key.position,
        "the private key in \(quoted(key.value)) cannot be read: it is damaged or has a pass phrase,"
          + " put one without there")
    case .authorities(let path, _):
      ConfigurationProblem(
        at: clientAuthorities?.position ?? certificate.position,
        "the authorities in \(quoted(path)) cannot be read: it is damaged, put a good PEM file there")
    case .versions: nil
    case .context:
      ConfigurationProblem(
        at: key.position,
        "the private key \(quoted(key.value)) does not fit the certificate \(quoted(certificate.value)):"
          + " name the key that the certificate was made for")
    case .notYetValid(_, let from):
      ConfigurationProblem(
        at: certificate.position,
        "the certificate \(quoted(certificate.value)) is valid only from \(LogTime(seconds: from).text) on:"
          + " check this machine's clock or name another certificate")
    case .expired(_, let time):
      ConfigurationProblem(
        at: certificate.position,
        "the certificate \(quoted(certificate.value)) expired on \(LogTime(seconds: time).text): renew it")
    }
  }
}

extension ListenerTLS.Version {
  fileprivate var ofEdge: TLSProtocolVersion {
    switch self {
    case .tls10: .v1_0
    case .tls11: .v1_1
    case .tls12: .v1_2
    case .tls13: .v1_3
    }
  }
}
