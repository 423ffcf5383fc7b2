import NIOCore
import RTP
import Rooms
import WebRTC

/// What the bounds of receivers' lines change in what is sent to them.
extension MediaLoop {
  /// Whether a peer's line still has work; one that has shown no bound never has.
  @inline(__always)
  func isBusy(_ peer: Peer, at now: NIODeadline) -> Bool {
    !peer.connection.isUnbounded && peer.pacer.wait(at: now) > Self.longestWait
  }

  /// Lets live frames of a receiver wait until its line is free.
  func hold(_ receiver: Receiver) {
    receiver.hold()
    startPacing()
  }

  /// Whether a line takes a cached group of pictures within a moment.
  func takes(_ group: [PacketizedFrame], _ peer: Peer) -> Bool {
    peer.connection.isUnbounded
      || group.reduce(0) { $0 + $1.byteCount } * 8 <= peer.connection.bitRate / 1000 * Self.longestGroup
  }

  /// Sends a frame, and counts it against the line.
  @inline(__always)
  func send(_ frame: PacketizedFrame, to receiver: Receiver, mediaTime: Int64, at now: NIODeadline) {
    let (peer, size) = (receiver.peer, frame.byteCount + frame.count * Self.overhead)
    peer.connection.send(frame, section: receiver.section, mediaTime: mediaTime, at: now, into: arena)
    receiver.count(size)
    if !peer.connection.isUnbounded { peer.pacer.send(size, bitRate: peer.connection.bitRate, at: now) }
  }

  /// Divides a peer's line among its pictures. Sound comes first: it is small, and the last that anybody gives up.
  func allot(_ peer: Peer, at now: NIODeadline) {
    peer.nextAllotment = now + Self.allotmentInterval
    let pictures = peer.receivers.filter { !$0.track.id.isAudio }
    for receiver in pictures { receiver.measure(at: now) }
    let sounds = peer.receivers.count - pictures.count
    let shares: [Int]? =
      peer.connection.isUnbounded
      ? nil
      : LineShares.divide(
        peer.connection.bitRate - sounds * PeerConnection.soundBitRate * (1 + peer.connection.soundCopies),
        among: pictures.map(\.need))
    for (index, receiver) in pictures.enumerated() {
      switch receiver.adjust(share: shares?[index], at: now) {
      case .none: break
      case .bitRate: receiver.track.allot(receiver.bitRate, to: receiver.id)
      case .tier(let tier, let former):
        base.metrics.tierChanges("\(tier)").add()
        base.log.debug(
          "another tier of a picture",
          metadata: ["tier": "\(tier)", "line": "\(peer.connection.bitRate)", "share": "\(shares?[index] ?? 0)"])
        receiver.track.subscribe(
          Subscriber(
            id: receiver.id, codecs: receiver.codecs, sink: handle, tier: tier, former: former,
            bitRate: receiver.bitRate))
      }
    }
  }

  /// Headers, protection, UDP and IP.
  private static let overhead = 70
  private static let longestWait = TimeAmount.milliseconds(20)
  /// Milliseconds.
  private static let longestGroup = 400
  private static let allotmentInterval = TimeAmount.milliseconds(500)
}
