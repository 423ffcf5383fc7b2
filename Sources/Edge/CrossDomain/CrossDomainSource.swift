import AccessPolicy
import Synchronization

/// The cross-domain policy that Flash clients are given; replaced whole when lists are read anew.
public final class CrossDomainSource: Sendable {
  private let policy: Mutex<CrossDomainPolicy?>

  /// Starts with a policy; nil: there is none to give.
  public init(_ policy: CrossDomainPolicy? = nil) {
    self.policy = Mutex(policy)
  }

  /// What the next client is given.
  public var current: CrossDomainPolicy? { policy.withLock { $0 } }

  /// Gives `policy` from now on.
  public func replace(with policy: CrossDomainPolicy?) {
    self.policy.withLock { $0 = policy }
  }
}
