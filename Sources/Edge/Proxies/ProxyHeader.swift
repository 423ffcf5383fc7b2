import NIOCore

/// What a PROXY header says about the connection behind it (HAProxy's proxy-protocol.txt).
///
/// Sans-IO: bytes in any split go in, and a header comes out once it is whole.
public struct ProxyHeader: Sendable, Hashable {
  /// The form it was written in.
  public enum Version: String, Sendable, Hashable {
    /// One line of text (section 2.1).
    case v1 = "proxy_v1"
    /// Binary (section 2.2).
    case v2 = "proxy_v2"
  }

  /// Whom the proxy speaks for.
  public enum Origin: Sendable, Hashable {
    /// A client at this address.
    case client(SocketAddress)
    /// Itself, as a health check does (`LOCAL`), or somebody whose address it does not tell (`UNKNOWN`, `UNSPEC`, a
    /// Unix socket): the connection's own address counts.
    case proxy(isLocal: Bool)
  }

  /// What the proxy says about TLS between the client and itself (section 2.2.6). For logs: only the configuration of
  /// the listener says that TLS was done in front.
  public struct FrontTLS: Sendable, Hashable {
    /// The version in the proxy's words, such as `TLSv1.3`.
    public var version: String?
    /// The common name of the client's certificate.
    public var commonName: String?
    /// Whether the client gave a certificate and the proxy could verify it.
    public var isVerified: Bool
  }

  /// The form.
  public var version: Version
  /// Whom it is about.
  public var origin: Origin
  /// TLS in front; only version 2 can tell.
  public var tls: FrontTLS?

  init(version: Version, origin: Origin, tls: FrontTLS? = nil) {
    self.version = version
    self.origin = origin
    self.tls = tls
  }

  /// Takes the header off the front of `bytes`, which start with the signature of `version`.
  ///
  /// - Returns: nil while the header is not whole; then nothing is taken.
  static func read(
    _ version: Version, from bytes: inout ByteBuffer, limits: ProxyHeaderLimits
  ) throws(ProxyHeaderError) -> ProxyHeader? {
    switch version {
    case .v1: try readLine(from: &bytes)
    case .v2: try readBinary(from: &bytes, limits: limits)
    }
  }
}

/// Bounds of a PROXY header of version 2; version 1 has its own in the specification.
public struct ProxyHeaderLimits: Sendable, Hashable {
  /// The whole header in bytes. Default 4096: the addresses take 232 at most, the rest is for what proxies add.
  public var bytes = 4096
  /// Added values (TLVs), nested ones included. Default 64.
  public var values = 64

  /// The defaults.
  public init() {}
}

/// Which rule of the PROXY protocol a header breaks.
public enum ProxyHeaderError: Error, Hashable, CustomStringConvertible {
  /// No CR LF within the 107 bytes a line may have (section 2.1).
  case endlessLine(length: Int)
  /// The line's protocol is none of TCP4, TCP6, UNKNOWN (section 2.1).
  case unknownProtocol
  /// A line has two addresses and two ports, one space before each (section 2.1).
  case parts(found: Int)
  /// An address is not of the line's family, or no address (section 2.1).
  case address
  /// A port is no number from 0 to 65535, or starts with a zero (section 2.1).
  case port
  /// The high half of byte 13 is not 2 (section 2.2).
  case version(UInt8)
  /// A command other than LOCAL and PROXY (section 2.2).
  case command(UInt8)
  /// An address family or transport that is not of a stream (section 2.2).
  case family(UInt8)
  /// The length does not hold the family's addresses (section 2.2).
  case tooShort(length: Int, needed: Int)
  /// The header is longer than is taken.
  case tooLong(length: Int, limit: Int)
  /// An added value reaches beyond what holds it (section 2.2).
  case value(type: UInt8, length: Int, left: Int)
  /// The header is not what the proxy made the sum of (section 2.2.3).
  case checksum(stated: UInt32, computed: UInt32)
  /// More added values than are taken.
  case tooManyValues(limit: Int)

  /// One line for the log.
  public var description: String {
    switch self {
    case .endlessLine(let length): "no line end in the first \(length) bytes of a PROXY line"
    case .unknownProtocol: "a PROXY line of a protocol other than TCP4, TCP6, UNKNOWN"
    case .parts(let found): "a PROXY line of \(found) parts instead of 6"
    case .address: "a PROXY line with an address that is none of its family"
    case .port: "a PROXY line with a port that is none"
    case .version(let version): "a PROXY header of version \(version)"
    case .command(let command): "a PROXY header with command \(command)"
    case .family(let family): "a PROXY header for family and transport \(family)"
    case .tooShort(let length, let needed): "a PROXY header of \(length) bytes where the addresses need \(needed)"
    case .tooLong(let length, let limit): "a PROXY header of \(length) bytes, beyond \(limit)"
    case .value(let type, let length, let left): "value \(type) of \(length) bytes in a PROXY header with \(left) left"
    case .checksum(let stated, let computed): "a PROXY header of checksum \(computed) that states \(stated)"
    case .tooManyValues(let limit): "more than \(limit) values in a PROXY header"
    }
  }
}
