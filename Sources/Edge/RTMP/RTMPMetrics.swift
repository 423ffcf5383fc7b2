import Metrics

/// What RTMP connections count into.
public struct RTMPMetrics: Sendable {
  let bytesIn: Counter
  let bytesOut: Counter
  let malformedMedia: Counter
  let connections: MetricFamily<Counter>
  /// The protocol by which the connection came, as in ``SessionIdentity/door``.
  var door = "rtmp"

  /// - Parameter connections: labels protocol, decision, reason.
  public init(bytesIn: Counter, bytesOut: Counter, malformedMedia: Counter, connections: MetricFamily<Counter>) {
    self.bytesIn = bytesIn
    self.bytesOut = bytesOut
    self.malformedMedia = malformedMedia
    self.connections = connections
  }

  /// A connection that was let in was refused later, in the room. `reason` is a word of a fixed set.
  func refused(reason: String) { connections(door, "denied", reason).add() }
}
