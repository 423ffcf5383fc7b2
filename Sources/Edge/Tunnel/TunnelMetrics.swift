import Metrics
import RTMPTunnel

/// What tunnel sessions count into.
public struct TunnelMetrics: Sendable {
  /// What became of a request.
  enum Outcome: String, CaseIterable {
    /// It opened a session.
    case open
    /// It brought bytes.
    case send
    /// It only asked.
    case idle
    /// It closed its session.
    case close
    /// It came again, and was answered as before.
    case repeated
    /// Its number was out of order.
    case outOfOrder = "out_of_order"
    /// Its session does not exist, or not any more.
    case unknownSession = "unknown_session"
    /// No session could be opened for it.
    case refused
  }

  private let requests: MetricFamily<Counter>

  /// - Parameter requests: label kind.
  public init(requests: MetricFamily<Counter>) { self.requests = requests }

  func count(_ outcome: Outcome) { requests(outcome.rawValue).add() }
}

extension TunnelMetrics.Outcome {
  init(_ kind: TunnelRequest.Kind) {
    switch kind {
    case .send: self = .send
    case .idle: self = .idle
    case .close: self = .close
    }
  }
}
