import Edge
import Metrics

/// What the admin address answers: health, readiness, metrics.
public struct AdminSurface: Sendable {
  private let metrics: MetricRegistry
  private let readiness: ReadinessBoard

  /// Answers from this registry and board.
  public init(metrics: MetricRegistry, readiness: ReadinessBoard) {
    self.metrics = metrics
    self.readiness = readiness
  }

  /// The answer to a request.
  /// - Parameters:
  ///   - method: as it stood in the request line.
  ///   - path: the request target without its query.
  public func answer(method: String, path: String) -> AdminContent {
    let page: () -> AdminContent
    switch path {
    case "/healthz": page = Self.health
    case "/readyz": page = ready
    case "/metrics": page = exposition
    default:
      return .problem(ProblemDocument(status: .notFound, detail: "Here are /healthz, /readyz and /metrics."))
    }
    // The HTTP server leaves the body out of the answer to HEAD.
    guard method == "GET" || method == "HEAD" else {
      return .problem(
        ProblemDocument(status: .methodNotAllowed, detail: "Use GET."),
        fields: [.init(name: "Allow", value: "GET, HEAD")])
    }
    return page()
  }

  /// The process runs and answers: that is all a restart could mend.
  static func health() -> AdminContent {
    .json(["status": "alive", "version": .string(GatewayVersion.text)])
  }

  private func ready() -> AdminContent {
    let current = readiness.current
    return .json(current.json, status: current.isReady ? 200 : 503)
  }

  private func exposition() -> AdminContent {
    AdminContent(status: 200, contentType: MetricRegistry.contentType, body: metrics.exposition())
  }
}
