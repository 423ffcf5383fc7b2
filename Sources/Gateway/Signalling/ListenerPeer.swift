import Edge
import NIOCore
import Rooms
import WebRTC

/// The WebRTC side of one listener: its negotiation, and its peer on the media plane once there is one.
///
/// Used by the room's web socket and by WHEP alike. A value that lives in one task.
struct ListenerPeer {
  private var negotiation: Negotiation
  private let plane: MediaPlane
  private var handle: PeerHandle?
  private let room: String
  private let onEvent: @Sendable (PeerEvent) -> Void

  init(webRTC: WebRTCServices, room: String, onEvent: @escaping @Sendable (PeerEvent) -> Void) {
    self.plane = webRTC.plane
    self.negotiation = Negotiation(
      fingerprint: webRTC.certificate.fingerprint, candidates: webRTC.candidates,
      random: SystemRandomNumberGenerator())
    self.room = room
    self.onEvent = onEvent
  }

  /// Answers an offer; from then on each section carries its track.
  /// - Throws: `WebRTCError` when the offer cannot be answered; what was agreed on before stays in force.
  mutating func answer(offer: String, tracks: [String: Track]) throws(WebRTCError) -> String {
    let description = try SessionDescription(parsing: offer)
    var sending: [String: OutgoingTrack] = [:]
    for (mid, track) in tracks {
      sending[mid] = OutgoingTrack(
        streamID: "\(track.participant)", trackID: "\(track.id)", cname: "\(track.participant)")
    }
    let answer = try negotiation.answer(offer: description, sending: sending)
    guard let session = negotiation.plan else { return answer.text }
    let plan = PeerPlan(session: session, tracks: tracks, room: room)
    if let handle {
      handle.update(plan)
    } else {
      handle = plane.open(plan, onEvent: onEvent)
    }
    return answer.text
  }

  func close() { handle?.close() }
}

/// What all listeners share.
struct WebRTCServices: Sendable {
  let plane: MediaPlane
  let certificate: DTLSCertificate
  let candidates: [Candidate]
  let iceServers: [ICEServer]
}
