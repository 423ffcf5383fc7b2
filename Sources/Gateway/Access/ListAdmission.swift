import AccessPolicy
import Edge
import NIOCore

/// Puts connections to the lists before anything else is spent on them, then to the limits.
struct ListAdmission: Admission {
  let rules: RulesInForce
  let limits: any Admission

  func admit(_ visitor: Visitor, listener: ListenerID) -> AdmissionDecision {
    // A proxy is no client: those for whom it comes are judged when it has told their addresses.
    if case .client(let address) = visitor, let refusal = refusal(of: address, listener: listener) {
      return .refused(refusal)
    }
    return limits.admit(visitor, listener: listener)
  }

  func release(_ visitor: Visitor, listener: ListenerID) {
    limits.release(visitor, listener: listener)
  }

  func judge(requestOf client: SocketAddress, listener: ListenerID) -> AdmissionDecision {
    refusal(of: client, listener: listener).map(AdmissionDecision.refused)
      ?? limits.judge(requestOf: client, listener: listener)
  }

  private func refusal(of address: SocketAddress, listener: ListenerID) -> ConnectionReason? {
    // Local sockets have no address that a list could name.
    guard let address = IPAddress(address) else { return nil }
    return switch rules.current.policy.decide(address, listener: listener.rawValue).reason {
    case nil: nil
    case .blacklisted: .blacklisted
    case .notWhitelisted: .notWhitelisted
    }
  }
}
