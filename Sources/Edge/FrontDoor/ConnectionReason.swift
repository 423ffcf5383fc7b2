import NIOSSL

/// Why a connection was refused or closed: a short label, fit for metrics and logs. Protocol handlers add their own.
public struct ConnectionReason: RawRepresentable, Sendable, Hashable, CustomStringConvertible {
  /// Lower-case words joined by underscores. Never made from what a client sent: labels must stay few.
  public let rawValue: String

  /// Makes a reason of a label from a fixed set.
  public init(rawValue: String) {
    self.rawValue = rawValue
  }

  /// The label.
  public var description: String { rawValue }

  /// The gateway serves as many sessions as it may.
  public static let tooManySessions = ConnectionReason(rawValue: "too_many_sessions")
  /// The address has as many sessions as one address may.
  public static let tooManySessionsFromAddress = ConnectionReason(rawValue: "too_many_sessions_from_address")
  /// A blacklist names the address.
  public static let blacklisted = ConnectionReason(rawValue: "blacklisted")
  /// There is a whitelist, and it does not name the address.
  public static let notWhitelisted = ConnectionReason(rawValue: "not_whitelisted")
  /// The first bytes belong to no known protocol.
  public static let garbage = ConnectionReason(rawValue: "garbage")
  /// A proxy that is trusted sent a PROXY header that breaks the protocol's rules, or somebody else did.
  public static let proxyMalformed = ConnectionReason(rawValue: "proxy_malformed")
  /// A proxy that is trusted sent no PROXY header, and the listener requires one.
  public static let proxyMissing = ConnectionReason(rawValue: "proxy_missing")
  /// A trusted proxy's field about a request's client could not be understood.
  public static let forwardedMalformed = ConnectionReason(rawValue: "forwarded_malformed")
  /// The client left before its protocol was known.
  public static let leftEarly = ConnectionReason(rawValue: "left_early")
  /// The handshake time-out passed before the protocol was established.
  public static let handshakeTimeout = ConnectionReason(rawValue: "handshake_timeout")
  /// The TLS handshake failed, or TLS broke later.
  public static let tlsFailed = ConnectionReason(rawValue: "tls_failed")
  /// The gateway is draining or stopped.
  public static let draining = ConnectionReason(rawValue: "draining")
  /// The protocol's handlers could not be set up.
  public static let setupFailed = ConnectionReason(rawValue: "setup_failed")
  /// The client closed the connection, or the network did.
  public static let clientClosed = ConnectionReason(rawValue: "client_closed")
  /// The conversation came to its proper end.
  public static let finished = ConnectionReason(rawValue: "finished")
  /// An open connection stood unused for too long.
  public static let idle = ConnectionReason(rawValue: "idle")
  /// A request did not arrive whole in time.
  public static let requestTimeout = ConnectionReason(rawValue: "request_timeout")
  /// The client did not take its answer in time.
  public static let writeTimeout = ConnectionReason(rawValue: "write_timeout")
  /// The request broke the rules of HTTP or a limit.
  public static let badRequest = ConnectionReason(rawValue: "bad_request")
  /// The web-socket peer answered no pings.
  public static let pingTimeout = ConnectionReason(rawValue: "ping_timeout")
  /// The web-socket peer broke the rules of the protocol or a limit.
  public static let webSocketViolation = ConnectionReason(rawValue: "websocket_violation")
  /// The peer took messages more slowly than they were made.
  public static let tooSlow = ConnectionReason(rawValue: "too_slow")

  /// The protocol is known, but this listener does not accept it, or nothing serves it.
  public static func notAccepted(_ first: FirstBytes) -> ConnectionReason {
    ConnectionReason(rawValue: "\(first)_not_accepted")
  }
}

extension ConnectionReason {
  /// What an error of an open connection's socket or TLS means. Many clients leave without TLS's farewell.
  init(closedBy error: any Error) {
    switch error {
    case NIOSSLError.uncleanShutdown: self = .clientClosed
    case is NIOSSLError, is BoringSSLError: self = .tlsFailed
    default: self = .clientClosed
    }
  }
}
