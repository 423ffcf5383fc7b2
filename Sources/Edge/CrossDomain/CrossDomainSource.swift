import AccessPolicy

/// The cross-domain policy that Flash clients are given: the one in force when a client asks, for its owner may read
/// it anew at any time.
public struct CrossDomainSource: Sendable {
  private let inForce: @Sendable () -> CrossDomainPolicy?

  /// - Parameter inForce: asked for each client, on its event loop, so it must not block; nil: there is none to give.
  public init(_ inForce: @escaping @Sendable () -> CrossDomainPolicy?) {
    self.inForce = inForce
  }

  /// What the next client is given.
  public var current: CrossDomainPolicy? { inForce() }
}
