import NIOSSL

/// A version of TLS; the raw value is its name in the configuration.
public enum TLSProtocolVersion: String, Sendable, Hashable, CaseIterable, Comparable {
  /// TLS 1.0, only for players that know nothing better.
  case v1_0 = "1.0"
  /// TLS 1.1.
  case v1_1 = "1.1"
  /// TLS 1.2.
  case v1_2 = "1.2"
  /// TLS 1.3.
  case v1_3 = "1.3"

  /// Older versions come first.
  public static func < (left: TLSProtocolVersion, right: TLSProtocolVersion) -> Bool { left.rawValue < right.rawValue }

  var version: TLSVersion {
    switch self {
    case .v1_0: .tlsv1
    case .v1_1: .tlsv11
    case .v1_2: .tlsv12
    case .v1_3: .tlsv13
    }
  }
}

/// Why a TLS context could not be made.
public enum TLSLoadError: Error, CustomStringConvertible {
  /// The certificate file is missing, unreadable, or holds no PEM certificate.
  case certificate(path: String, cause: String)
  /// The key file is missing, unreadable, or holds no PEM key.
  case key(path: String, cause: String)
  /// The file of authorities for client certificates is missing, unreadable, or holds no PEM certificate.
  case authorities(path: String, cause: String)
  /// The lowest version is above the highest.
  case versions(minimum: TLSProtocolVersion, maximum: TLSProtocolVersion)
  /// Certificate and key do not belong together, or the library refused them.
  case context(certificatePath: String, keyPath: String, cause: String)
  /// The certificate is valid only from a later time on, in seconds since 1970.
  case notYetValid(certificatePath: String, from: Int64)
  /// The certificate was valid up to an earlier time, in seconds since 1970.
  case expired(certificatePath: String, at: Int64)

  /// One line for the operator.
  public var description: String {
    switch self {
    case .certificate(let path, let cause): "certificate \(path): \(cause)"
    case .key(let path, let cause): "key \(path): \(cause)"
    case .authorities(let path, let cause): "authorities for client certificates \(path): \(cause)"
    case .versions(let minimum, let maximum):
      "minimum TLS version \(minimum.rawValue) is above the maximum \(maximum.rawValue)"
    case .context(let certificatePath, let keyPath, let cause):
      "certificate \(certificatePath) and key \(keyPath) do not work together: \(cause)"
    case .notYetValid(let certificatePath, let from):
      "certificate \(certificatePath) is valid only from \(from) s after 1970 on"
    case .expired(let certificatePath, let time):
      "certificate \(certificatePath) expired \(time) s after 1970"
    }
  }
}

/// What a TLS listener is made of.
public struct TLSSettings: Sendable, Hashable {
  /// A PEM file: the certificate, then the rest of its chain.
  public var certificatePath: String
  /// A PEM file: the private key.
  public var keyPath: String
  /// Certificates that clients are asked for.
  public var clients: ClientCertificates?
  /// The lowest version spoken.
  public var minimumVersion: TLSProtocolVersion
  /// The highest version spoken.
  public var maximumVersion: TLSProtocolVersion

  /// What certificates clients may or must give.
  public struct ClientCertificates: Sendable, Hashable {
    /// A PEM file with the authorities that sign them.
    public var authoritiesPath: String
    /// Whether a client without one is refused.
    public var isRequired: Bool

    /// Describes what is asked of clients.
    public init(authoritiesPath: String, isRequired: Bool) {
      self.authoritiesPath = authoritiesPath
      self.isRequired = isRequired
    }
  }

  /// Describes TLS; 1.2 to 1.3 unless told otherwise.
  public init(
    certificatePath: String, keyPath: String, minimumVersion: TLSProtocolVersion = .v1_2,
    maximumVersion: TLSProtocolVersion = .v1_3
  ) {
    self.certificatePath = certificatePath
    self.keyPath = keyPath
    self.minimumVersion = minimumVersion
    self.maximumVersion = maximumVersion
  }

  /// Reads the files and makes the context, whatever the certificate's time of validity.
  public func makeContext() throws(TLSLoadError) -> NIOSSLContext {
    try makeContext(of: readChain())
  }

  /// Reads the files and makes the context, unless clients would refuse the certificate for its time of validity.
  ///
  /// Only the first certificate of the chain is looked at: a chain may carry expired ones for the sake of old clients.
  /// - Parameter now: in seconds since 1970-01-01 00:00 UTC.
  public func makeContext(validAt now: Int64) throws(TLSLoadError) -> NIOSSLContext {
    let chain = try readChain()
    let context = try makeContext(of: chain)
    if let own = chain.first {
      let (from, until) = (Int64(own.notValidBefore), Int64(own.notValidAfter))
      guard now >= from else { throw .notYetValid(certificatePath: certificatePath, from: from) }
      guard now <= until else { throw .expired(certificatePath: certificatePath, at: until) }
    }
    return context
  }

  private func readChain() throws(TLSLoadError) -> [NIOSSLCertificate] {
    let chain: [NIOSSLCertificate]
    do {
      chain = try NIOSSLCertificate.fromPEMFile(certificatePath)
    } catch {
      throw .certificate(path: certificatePath, cause: "\(error)")
    }
    guard !chain.isEmpty else { throw .certificate(path: certificatePath, cause: "no certificate in it") }
    return chain
  }

  private func makeContext(of chain: [NIOSSLCertificate]) throws(TLSLoadError) -> NIOSSLContext {
    guard minimumVersion <= maximumVersion else {
      throw .versions(minimum: minimumVersion, maximum: maximumVersion)
    }
    let key: NIOSSLPrivateKey
    do {
      key = try NIOSSLPrivateKey(file: keyPath, format: .pem)
    } catch {
      throw .key(path: keyPath, cause: "\(error)")
    }
    var configuration = TLSConfiguration.makeServerConfiguration(
      certificateChain: chain.map { .certificate($0) }, privateKey: .privateKey(key))
    configuration.minimumTLSVersion = minimumVersion.version
    configuration.maximumTLSVersion = maximumVersion.version
    configuration.applicationProtocols = ["http/1.1"]
    if let clients {
      do {
        configuration.trustRoots = .certificates(try NIOSSLCertificate.fromPEMFile(clients.authoritiesPath))
      } catch {
        throw .authorities(path: clients.authoritiesPath, cause: "\(error)")
      }
      configuration.certificateVerification = clients.isRequired ? .noHostnameVerification : .optionalVerification
      configuration.sendCANameList = true
    }
    do {
      return try NIOSSLContext(configuration: configuration)
    } catch {
      throw .context(certificatePath: certificatePath, keyPath: keyPath, cause: "\(error)")
    }
  }
}
