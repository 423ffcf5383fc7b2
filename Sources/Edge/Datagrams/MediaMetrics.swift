import Metrics
import WebRTC

/// What the media plane counts into.
public struct MediaMetrics: Sendable {
  let audioPacketsOut: Counter
  let videoPacketsOut: Counter
  let packetsIn: Counter
  let lost: Counter
  let srtpRejected: MetricFamily<Counter>
  let delay: Histogram
  let datagramsRefused: Counter
  let sendCalls: Counter
  /// Frames kept back from peers whose TCP connection is slower than what is sent.
  let heldBack: Counter
  /// Pictures that waited too long for a slow line.
  let slowLineDrops: Counter
  let tierChanges: MetricFamily<Counter>

  /// - Parameters:
  ///   - srtpRejected: label reason.
  ///   - tierChanges: label tier.
  public init(
    audioPacketsOut: Counter, videoPacketsOut: Counter, packetsIn: Counter, lost: Counter,
    srtpRejected: MetricFamily<Counter>, delay: Histogram, datagramsRefused: Counter, sendCalls: Counter,
    heldBack: Counter = Counter(), slowLineDrops: Counter = Counter(), tierChanges: MetricFamily<Counter>
  ) {
    self.audioPacketsOut = audioPacketsOut
    self.videoPacketsOut = videoPacketsOut
    self.packetsIn = packetsIn
    self.lost = lost
    self.srtpRejected = srtpRejected
    self.delay = delay
    self.datagramsRefused = datagramsRefused
    self.sendCalls = sendCalls
    self.heldBack = heldBack
    self.slowLineDrops = slowLineDrops
    self.tierChanges = tierChanges
  }
}

extension MediaMetrics {
  /// Adds what a peer's connection has refused since it was counted last.
  func countRejections(_ peer: Peer) {
    let now = peer.connection.counters
    guard now != peer.counted else { return }
    for reason in SRTPRejection.allCases where now[reason] > peer.counted[reason] {
      srtpRejected(reason.rawValue).add(now[reason] - peer.counted[reason])
    }
    packetsIn.add(now.reportsReceived &- peer.counted.reportsReceived)
    peer.counted = now
  }
}

extension PeerConnectionClosure {
  /// A word for logs.
  var kind: String {
    switch self {
    case .local: "closed"
    case .dtlsAlert: "peer_closed"
    case .consentExpired: "consent_expired"
    case .wrongFingerprint: "wrong_fingerprint"
    case .dtlsFailed: "dtls_failed"
    case .handshakeTimedOut: "dtls_timeout"
    }
  }
}
