import Metrics
import Testing

@testable import Gateway

@Suite struct GatewayMetricsTests {
  @Test func thePublishedNamesAreThere() {
    let metrics = GatewayMetrics()
    metrics.sessions("rtmp", "connected").add()
    metrics.connections("rtmp", "denied", "garbage").add()
    metrics.rtmpBytes("in").add(3_073)
    metrics.rtpPackets("out", "video").add(3)
    metrics.srtpRejected("replay").add()
    metrics.transcodeTime("flv1", "vp8").add(.milliseconds(12))
    metrics.framesDropped("queue_full").add()
    metrics.mediaDelay().record(.microseconds(300))
    metrics.participants("flash").add()
    metrics.policyEntries("blacklist").set(2)
    metrics.policyReloadTime().set(1_780_000_000)
    let lines = metrics.registry.exposition().split(separator: "\n").filter { !$0.hasPrefix("#") }
    #expect(lines.contains("flashgate_sessions{protocol=\"rtmp\",state=\"connected\"} 1"))
    #expect(
      lines.contains("flashgate_connections_total{protocol=\"rtmp\",decision=\"denied\",reason=\"garbage\"} 1"))
    #expect(lines.contains("flashgate_rtmp_bytes_total{direction=\"in\"} 3073"))
    #expect(lines.contains("flashgate_rtp_packets_total{direction=\"out\",kind=\"video\"} 3"))
    #expect(lines.contains("flashgate_rtp_lost_total 0"))
    #expect(lines.contains("flashgate_srtp_rejected_total{reason=\"replay\"} 1"))
    #expect(lines.contains("flashgate_transcode_seconds_total{from=\"flv1\",to=\"vp8\"} 0.012"))
    #expect(lines.contains("flashgate_frames_dropped_total{reason=\"queue_full\"} 1"))
    #expect(lines.contains("flashgate_media_delay_seconds_bucket{le=\"0.00025\"} 0"))
    #expect(lines.contains("flashgate_media_delay_seconds_bucket{le=\"0.0005\"} 1"))
    #expect(lines.contains("flashgate_media_delay_seconds_count 1"))
    #expect(lines.contains("flashgate_policy_entries{list=\"blacklist\"} 2"))
    #expect(lines.contains("flashgate_policy_reload_timestamp_seconds 1780000000"))
    #expect(lines.contains("flashgate_keys_revoked_total 0"))
    #expect(lines.contains("flashgate_rooms 0"))
    #expect(lines.contains("flashgate_participants{kind=\"flash\"} 1"))
  }
}
