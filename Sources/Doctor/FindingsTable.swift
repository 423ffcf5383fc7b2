/// Findings as a table for a person.
public struct FindingsTable: CustomStringConvertible {
  private let findings: [Finding]

  /// A table of findings, in their order.
  public init(_ findings: [Finding]) { self.findings = findings }

  /// Lines with columns as wide as they need.
  public var description: String {
    let head = ["way", "port", "connected", "handshake", "room", "round trip", "TLS", "between, and why no further"]
    let rows = [head] + findings.map(Self.row)
    let widths = head.indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
    return rows.map { row in
      zip(row, widths).map { $0 + String(repeating: " ", count: $1 - $0.count) }.joined(separator: "  ")
        .trimmingEnd()
    }.joined(separator: "\n")
  }

  private static func row(_ finding: Finding) -> [String] {
    let room =
      switch finding.stage {
      case .accepted: "open"
      case .refused: "refused"
      case .unreachable, .connected, .handshake: "-"
      }
    return [
      finding.way.kind.rawValue, "\(finding.way.port)", finding.connectMilliseconds.map(milliseconds) ?? "no",
      finding.stage >= .handshake ? "yes" : finding.stage == .connected ? "no" : "-", room,
      finding.roundTripMilliseconds.map(milliseconds) ?? "-", finding.tls ?? "-",
      (finding.between + (finding.problem.map { [$0] } ?? [])).joined(separator: "; "),
    ]
  }

  private static func milliseconds(_ value: Double) -> String {
    value < 10 ? "\((value * 10).rounded() / 10) ms" : "\(Int(value.rounded())) ms"
  }
}

extension String {
  fileprivate func trimmingEnd() -> String {
    String(reversed().drop { $0 == " " }.reversed())
  }
}
