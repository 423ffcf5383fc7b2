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

  /// PEM file with the certificate and its chain; it existed and held a certificate when the configuration was read.
  public var certificate: Located<String>
  /// PEM file with the private key; it existed and held a key when the configuration was read.
  public var key: Located<String>
  /// Oldest version spoken. Default 1.2; 1.0 is there for old players.
  public var minimumVersion: Version
  /// Newest version spoken. Default 1.3.
  public var maximumVersion: Version

  init(
    certificate: Located<String>, key: Located<String>, minimumVersion: Version = .tls12,
    maximumVersion: Version = .tls13
  ) {
    self.certificate = certificate
    self.key = key
    self.minimumVersion = minimumVersion
    self.maximumVersion = maximumVersion
  }
}

extension ListenerTLS {
  init?(reading value: ConfigurationValue) {
    let section = value.section(keys: ["certificate", "key", "minimum_version", "maximum_version"])
    guard section.isReadable else { return nil }
    let certificate = section.required("certificate", "certificate: tls/cert.pem")?.pemFile(holding: .certificate)
    let key = section.required("key", "key: tls/key.pem")?.pemFile(holding: .privateKey)
    let minimum = section["minimum_version"].flatMap(Self.version(reading:))
    let maximum = section["maximum_version"].flatMap(Self.version(reading:))
    if (minimum ?? .tls12) > (maximum ?? .tls13) {
      (section["minimum_version"] ?? section["maximum_version"] ?? value).problem(
        "minimum_version \((minimum ?? .tls12).rawValue) is above maximum_version \((maximum ?? .tls13).rawValue): swap them"
      )
    }
    guard let certificate, let key else { return nil }
    self.init(
      certificate: certificate, key: key, minimumVersion: minimum ?? .tls12, maximumVersion: maximum ?? .tls13)
  }

  private static func version(reading value: ConfigurationValue) -> Version? {
    value.choice(of: Version.allCases.map(\.rawValue)).flatMap(Version.init(rawValue:))
  }
}
