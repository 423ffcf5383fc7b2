import NIOCore
import RTP
import Rooms
import WebRTC

/// A peer connection that lives on an event loop, with the tracks it receives.
final class Peer {
  let id: PeerID
  let connection: PeerConnection
  let onEvent: @Sendable (PeerEvent) -> Void
  var plan: PeerPlan
  var receivers: [Receiver] = []
  /// The address pairs that passed a check.
  var addresses: Set<RemoteAddress> = []
  /// The TCP connection that its media goes by; nil while it goes by UDP.
  var stream: MediaStream?
  var isConnected = false
  /// Packets that receivers said are lost, by section, as of the last report.
  var lost: [Int: Int32] = [:]
  /// Wakes the connection at its nearest deadline.
  var timer: (deadline: NIODeadline, task: Scheduled<Void>)?
  /// The queue in front of a line whose bound is known.
  var pacer: SendPacer
  /// When its pictures are weighed again.
  var nextAllotment: NIODeadline
  /// What the gateway's counters have of the connection's already.
  var counted = PeerConnectionCounters()

  init(
    id: PeerID, connection: PeerConnection, plan: PeerPlan, at now: NIODeadline = .now(),
    onEvent: @escaping @Sendable (PeerEvent) -> Void
  ) {
    self.id = id
    self.connection = connection
    self.plan = plan
    self.onEvent = onEvent
    self.pacer = SendPacer(at: now)
    self.nextAllotment = now
  }
}
