import Metrics

/// What RTMP connections count into.
public struct RTMPMetrics: Sendable {
  let bytesIn: Counter
  let bytesOut: Counter
  let malformedMedia: Counter
  /// Frames of codecs that cannot be carried.
  let uncarriedFrames: Counter
  let uncarriedMedia: MetricFamily<Counter>
  let connections: MetricFamily<Counter>
  /// The protocol by which the connection came, as in ``SessionIdentity/door``.
  var door = "rtmp"

  /// - Parameters:
  ///   - connections: labels protocol, decision, reason.
  ///   - uncarriedMedia: labels kind, codec; counted once for a codec of a publication.
  public init(
    bytesIn: Counter, bytesOut: Counter, malformedMedia: Counter, uncarriedFrames: Counter,
    connections: MetricFamily<Counter>, uncarriedMedia: MetricFamily<Counter>
  ) {
    self.uncarriedFrames = uncarriedFrames
    self.uncarriedMedia = uncarriedMedia
    self.bytesIn = bytesIn
    self.bytesOut = bytesOut
    self.malformedMedia = malformedMedia
    self.connections = connections
  }

  /// A connection that was let in was refused later, in the room. `reason` is a word of a fixed set.
  func refused(reason: String) { connections(door, "denied", reason).add() }
}
