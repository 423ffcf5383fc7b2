import Metrics

/// Every metric of the gateway under its published name, made once at start.
///
/// Scripts and dashboards hold on to these names. The parts below are given the families or single series they count
/// into; they never see the registry.
public struct GatewayMetrics: Sendable {
  /// Where a scrape reads.
  public let registry: MetricRegistry

  /// Sessions that exist now. Labels: protocol (`rtmp`, `webrtc`), state (`handshaking`, `connected`, ...).
  public let sessions: MetricFamily<Gauge>
  /// Connections decided on. Labels: protocol, decision (`accepted`, `refused`), reason (`none` when accepted).
  public let connections: MetricFamily<Counter>
  /// RTMP bytes, headers and handshakes included. Label: direction (`in`, `out`).
  public let rtmpBytes: MetricFamily<Counter>
  /// RTP packets. Labels: direction (`in`, `out`), kind (`audio`, `video`).
  public let rtpPackets: MetricFamily<Counter>
  /// RTP packets that receivers reported as lost.
  public let rtpLost: MetricFamily<Counter>
  /// SRTP and SRTCP packets refused. Label: reason (`replay`, `authentication`, `malformed`, ...).
  public let srtpRejected: MetricFamily<Counter>
  /// CPU time of codecs, counted in nanoseconds, shown in seconds. Labels: from, to (codec names).
  public let transcodeTime: MetricFamily<Counter>
  /// Frames thrown away. Label: reason (`queue_full`, `late`, `damaged`, ...).
  public let framesDropped: MetricFamily<Counter>
  /// From a media message's last byte read to its first packet sent.
  public let mediaDelay: MetricFamily<Histogram>
  /// Rooms that exist now.
  public let rooms: MetricFamily<Gauge>
  /// Participants now. Label: kind (`flash`, `browser`, `whep`).
  public let participants: MetricFamily<Gauge>

  /// All metrics, at zero, in `registry`, which must not hold any of them yet.
  public init(registry: MetricRegistry = MetricRegistry()) {
    self.registry = registry
    sessions = registry.gauge(
      "flashgate_sessions", help: "Sessions that exist now.", labels: ["protocol", "state"])
    connections = registry.counter(
      "flashgate_connections_total", help: "Connections let in or refused, and why.",
      labels: ["protocol", "decision", "reason"])
    rtmpBytes = registry.counter(
      "flashgate_rtmp_bytes_total", help: "Bytes of RTMP connections.", labels: ["direction"])
    rtpPackets = registry.counter(
      "flashgate_rtp_packets_total", help: "RTP packets.", labels: ["direction", "kind"])
    rtpLost = registry.counter(
      "flashgate_rtp_lost_total", help: "RTP packets that receivers reported as lost.")
    srtpRejected = registry.counter(
      "flashgate_srtp_rejected_total", help: "SRTP and SRTCP packets refused, and why.", labels: ["reason"])
    transcodeTime = registry.counter(
      "flashgate_transcode_seconds_total", help: "CPU time of decoders and encoders.", labels: ["from", "to"],
      unit: .nanoseconds)
    framesDropped = registry.counter(
      "flashgate_frames_dropped_total", help: "Frames thrown away, and why.", labels: ["reason"])
    mediaDelay = registry.histogram(
      "flashgate_media_delay_seconds", help: "From a media message's last byte read to its first packet sent.",
      bounds: Self.mediaDelayBounds)
    rooms = registry.gauge("flashgate_rooms", help: "Rooms that exist now.")
    participants = registry.gauge("flashgate_participants", help: "Participants now.", labels: ["kind"])
  }

  /// 0.1 ms to 5 s: passing through takes parts of a millisecond, a frame that waits for its codec tens of them.
  static let mediaDelayBounds: [UInt64] = [
    100_000, 250_000, 500_000, 1_000_000, 2_500_000, 5_000_000, 10_000_000, 25_000_000, 50_000_000, 100_000_000,
    250_000_000, 500_000_000, 1_000_000_000, 5_000_000_000,
  ]
}
