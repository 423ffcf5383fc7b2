/// A protocol that a listener may be told to accept; the raw value is its name in the configuration and in metrics.
public enum DoorProtocol: String, Sendable, Hashable, CaseIterable {
  /// RTMP over TCP.
  case rtmp
  /// RTMP with Adobe's own encryption.
  case rtmpe
  /// RTMP tunnelled in HTTP.
  case rtmpt
  /// RTMP inside TLS.
  case rtmps
  /// RTMP tunnelled in HTTPS.
  case rtmpts
  /// Plain HTTP.
  case http
  /// HTTP inside TLS.
  case https
  /// Flash socket policy requests.
  case policy
  /// WebRTC media over TCP.
  case ice
}

/// What the door does with a connection once its first bytes are known.
enum DoorDecision: Equatable {
  case serve(DoorProtocol)
  case startTLS
  case refuse(ConnectionReason)
}

extension ListenerConfiguration {
  /// Decides by what the listener accepts; `encrypted` when the bytes came out of TLS, here or in front.
  func decision(for first: FirstBytes, encrypted: Bool) -> DoorDecision {
    let candidates: [DoorProtocol]
    switch first {
    case .garbage: return .refuse(.garbage)
    case .tls where !encrypted && tls != nil: return .startTLS
    case .tls, .proxyV1, .proxyV2: candidates = []
    case .rtmp: candidates = encrypted ? [.rtmps] : [.rtmp]
    case .rtmpe: candidates = encrypted ? [] : [.rtmpe]
    case .http: candidates = encrypted ? [.https, .rtmpts] : [.http, .rtmpt]
    case .policyRequest: candidates = [.policy]
    case .ice: candidates = encrypted ? [] : [.ice]
    }
    guard let served = candidates.first(where: accept.contains) else { return .refuse(.notAccepted(first)) }
    return .serve(served)
  }
}

extension DoorProtocol {
  /// Whether it is RTMP, in whatever it is wrapped.
  public var isRTMP: Bool {
    switch self {
    case .rtmp, .rtmpe, .rtmps, .rtmpt, .rtmpts: true
    case .http, .https, .policy, .ice: false
    }
  }

  /// Whether it is carried by HTTP.
  public var isHTTP: Bool {
    switch self {
    case .http, .https, .rtmpt, .rtmpts: true
    case .rtmp, .rtmpe, .rtmps, .policy, .ice: false
    }
  }

  /// Whether what is said by it is inside TLS. RTMPE is not: its keys are agreed on without knowing with whom.
  public var isEncrypted: Bool {
    switch self {
    case .rtmps, .rtmpts, .https: true
    case .rtmp, .rtmpe, .rtmpt, .http, .policy, .ice: false
    }
  }
}
