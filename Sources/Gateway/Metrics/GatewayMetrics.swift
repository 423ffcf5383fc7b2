import Metrics

/// Every metric of the gateway under its published name, made once at start.
///
/// Scripts and dashboards hold on to these names. The parts below are given the families or single series they count
/// into; they never see the registry.
public struct GatewayMetrics: Sendable {
  /// Where a scrape reads.
  public let registry: MetricRegistry

  /// Sessions that exist now. Labels: protocol (`rtmp`, `rtmps`, `rtmpt`, `rtmpte`, `rtmpts`, `webrtc`, `whep`), state (`handshaking`, `connected`).
  public let sessions: MetricFamily<Gauge>
  /// Connections decided on. Labels: protocol, decision (`allowed`, `denied`), reason (`none` when allowed).
  public let connections: MetricFamily<Counter>
  /// Headers that would name a client, from peers that are not trusted. Label: header (`proxy_v1`, `proxy_v2`,
  /// `x_forwarded_for`, `forwarded`).
  public let forwardingIgnored: MetricFamily<Counter>
  /// Connections let in by TLS of ours. Label: version (`1.0`, `1.1`, `1.2`, `1.3`).
  public let tlsConnections: MetricFamily<Counter>
  /// 1 for each listener that speaks TLS below 1.2. Label: listener.
  public let weakTLS: MetricFamily<Gauge>
  /// RTMP bytes, headers and handshakes included. Label: direction (`in`, `out`).
  public let rtmpBytes: MetricFamily<Counter>
  /// Requests of tunnels. Label: kind (`open`, `send`, `idle`, `close`, `repeated`, `out_of_order`, `unknown_session`,
  /// `refused`).
  public let tunnelRequests: MetricFamily<Counter>
  /// Packets of RTP sessions. Labels: direction (`in`, `out`), kind (`audio`, `video`; `in` only `control`, RTCP).
  public let rtpPackets: MetricFamily<Counter>
  /// RTP packets that receivers reported as lost.
  public let rtpLost: MetricFamily<Counter>
  /// SRTP and SRTCP packets refused. Label: reason (`auth`, `replay`, `malformed`, `unknown_ssrc`, `before_keys`).
  public let srtpRejected: MetricFamily<Counter>
  /// CPU time of codecs, counted in nanoseconds, shown in seconds. Labels: from, to (codec names).
  public let transcodeTime: MetricFamily<Counter>
  /// Receivers' pictures that went to another tier, for their line carries less or more. Label: tier (`whole`, `reduced`,
  /// `slow`, `none`).
  public let tierChanges: MetricFamily<Counter>
  /// Frames thrown away. Label: reason (`malformed`, `unsupported_codec`, `transcoder_busy`, `codec_failed`,
  /// `slow_line`).
  public let framesDropped: MetricFamily<Counter>
  /// Codecs that could not be carried, once for each publication. Labels: kind (`audio`, `video`), codec.
  public let unsupportedMedia: MetricFamily<Counter>
  /// Worker processes that were lost. Label: reason (`ended`, `silent`, `breach`, `not_started`).
  public let workersLost: MetricFamily<Counter>
  /// From a media message's last byte read to its first packet sent.
  public let mediaDelay: MetricFamily<Histogram>
  /// Rooms that exist now.
  public let rooms: MetricFamily<Gauge>
  /// Participants now. Label: kind (`flash`, `browser`, `whep`).
  public let participants: MetricFamily<Gauge>
  /// Entries of the access lists in force. Label: list (`whitelist`, `blacklist`).
  public let policyEntries: MetricFamily<Gauge>
  /// When the configuration in force was read, in seconds since 1970.
  public let policyReloadTime: MetricFamily<Gauge>
  /// Access keys revoked.
  public let keysRevoked: MetricFamily<Counter>
  /// Sessions that an old server serves now.
  public let shadowSessions: MetricFamily<Gauge>
  /// Sessions that an old server should serve. Label: outcome (`forwarded`, `unreachable`, `refused`).
  public let shadowOutcomes: MetricFamily<Counter>
  /// Publications of such sessions in their rooms. Label: outcome (`speaking`, or why not).
  public let shadowPublications: MetricFamily<Counter>
  /// Bytes passed on. Label: direction (`to_server`, `to_client`).
  public let shadowBytes: MetricFamily<Counter>
  /// Differences between old servers and the gateway. Label: kind (`connect`, `publish`, `play`, `call`, `server_call`,
  /// `shared_object`).
  public let shadowDifferences: MetricFamily<Counter>

  /// All metrics, at zero, in `registry`, which must not hold any of them yet.
  public init(registry: MetricRegistry = MetricRegistry()) {
    self.registry = registry
    sessions = registry.gauge(
      "flashgate_sessions", help: "Sessions that exist now.", labels: ["protocol", "state"])
    connections = registry.counter(
      "flashgate_connections_total", help: "Connections allowed or denied, and why.",
      labels: ["protocol", "decision", "reason"])
    forwardingIgnored = registry.counter(
      "flashgate_forwarding_ignored_total", help: "Headers of untrusted peers that would name another client.",
      labels: ["header"])
    tlsConnections = registry.counter(
      "flashgate_tls_connections_total", help: "Connections let in by TLS of ours.", labels: ["version"])
    weakTLS = registry.gauge(
      "flashgate_weak_tls_listener", help: "1 for each listener that speaks TLS below 1.2.", labels: ["listener"])
    rtmpBytes = registry.counter(
      "flashgate_rtmp_bytes_total", help: "Bytes of RTMP connections.", labels: ["direction"])
    tunnelRequests = registry.counter(
      "flashgate_tunnel_requests_total", help: "Requests of RTMP tunnels.", labels: ["kind"])
    rtpPackets = registry.counter(
      "flashgate_rtp_packets_total", help: "RTP packets.", labels: ["direction", "kind"])
    rtpLost = registry.counter(
      "flashgate_rtp_lost_total", help: "RTP packets that receivers reported as lost.")
    srtpRejected = registry.counter(
      "flashgate_srtp_rejected_total", help: "SRTP and SRTCP packets refused, and why.", labels: ["reason"])
    transcodeTime = registry.counter(
      "flashgate_transcode_seconds_total", help: "CPU time of decoders and encoders.", labels: ["from", "to"],
      unit: .nanoseconds)
    tierChanges = registry.counter(
      "flashgate_tier_changes_total",
      help: "Receivers' pictures that went to another tier, for their line carries less or more.",
      labels: ["tier"])
    framesDropped = registry.counter(
      "flashgate_frames_dropped_total", help: "Frames thrown away, and why.", labels: ["reason"])
    unsupportedMedia = registry.counter(
      "flashgate_unsupported_media_total", help: "Publications with a codec that cannot be carried.",
      labels: ["kind", "codec"])
    workersLost = registry.counter(
      "flashgate_media_workers_lost_total", help: "Processes of codecs that were lost, and how.", labels: ["reason"])
    mediaDelay = registry.histogram(
      "flashgate_media_delay_seconds", help: "From a media message's last byte read to its first packet sent.",
      bounds: Self.mediaDelayBounds)
    rooms = registry.gauge("flashgate_rooms", help: "Rooms that exist now.")
    participants = registry.gauge("flashgate_participants", help: "Participants now.", labels: ["kind"])
    policyEntries = registry.gauge(
      "flashgate_policy_entries", help: "Entries of the access lists in force.", labels: ["list"])
    policyReloadTime = registry.gauge(
      "flashgate_policy_reload_timestamp_seconds", help: "When the configuration in force was read.")
    keysRevoked = registry.counter("flashgate_keys_revoked_total", help: "Access keys revoked.")
    shadowSessions = registry.gauge("flashgate_shadow_sessions", help: "Sessions that an old server serves now.")
    shadowOutcomes = registry.counter(
      "flashgate_shadow_sessions_total", help: "Sessions that an old server should serve, and what came of it.",
      labels: ["outcome"])
    shadowPublications = registry.counter(
      "flashgate_shadow_publications_total", help: "Publications to old servers, and how they fared in the room.",
      labels: ["outcome"])
    shadowBytes = registry.counter(
      "flashgate_shadow_bytes_total", help: "Bytes passed on between clients and old servers.", labels: ["direction"])
    shadowDifferences = registry.counter(
      "flashgate_shadow_differences_total", help: "What old servers do and the gateway would not, once a session.",
      labels: ["kind"])
  }

  /// 0.1 ms to 5 s: passing through takes parts of a millisecond, a frame that waits for its codec tens of them.
  static let mediaDelayBounds: [UInt64] = [
    100_000, 250_000, 500_000, 1_000_000, 2_500_000, 5_000_000, 10_000_000, 25_000_000, 50_000_000, 100_000_000,
    250_000_000, 500_000_000, 1_000_000_000, 5_000_000_000,
  ]
}
