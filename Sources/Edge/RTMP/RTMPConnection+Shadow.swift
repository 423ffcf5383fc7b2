import RTMP
import Rooms

/// Clients of rooms that have an old server.
extension RTMPConnection {
  /// The gate has let the client in: the old server is asked next.
  func reach(_ shadow: ShadowServers.Choice) {
    guard let transport, let shadows = services.shadows else { return }
    let shadowed = ShadowedConnection(
      shadow, handshake: session.handshakeKind, services: services, shadows: shadows, visitor: visitor,
      transport: transport, log: log)
    service = .reaching(shadowed)
    shadowed.reach { self.reached(shadowed, $0) }
  }

  /// The old server answered the handshake, or will not.
  private func reached(_ shadowed: ShadowedConnection, _ failure: ShadowFailure?) {
    guard let transport, case .reaching = service else { return }
    if let failure {
      service = .own
      transport.note(.serverUnreachable)
      log.warning("old server cannot be reached", metadata: ["reason": "\(failure)"])
      session.rejectConnect(code: .connectFailed, description: "the server behind the gateway cannot be reached")
    }
    flush()
    guard failure == nil, let client = session.handOver() else { return }
    cancelTimer()
    isMediaFlowing = true
    service = .shadowed(shadowed)
    transport.established()
    services.sessions.established(identity)
    shadowed.begin(client)
  }

  /// The client takes more again.
  func writabilityChanged() {
    if case .shadowed(let shadowed) = service { shadowed.clientTakesMore() }
  }
}
