import NIOCore
import Rooms
import WebRTC

/// What a peer connection is to do, as signalling agreed on it: carried to whichever loop comes to own the peer.
public struct PeerPlan: Sendable {
  /// The negotiated session.
  public var session: SessionPlan
  /// Which track each sending section carries, by its mid.
  public var tracks: [String: Track]
  /// The room whose rules say from where its media may come; nil: those for all alone.
  public var room: String?

  /// A plan.
  public init(session: SessionPlan, tracks: [String: Track], room: String? = nil) {
    self.session = session
    self.tracks = tracks
    self.room = room
  }
}

/// What the owner of a peer is told, on the peer's event loop; implementations hand it on and return.
public enum PeerEvent: Sendable {
  /// DTLS is done and media flows.
  case connected
  /// The peer is gone, with a word why.
  case closed(reason: String)
}

/// A peer connection, as signalling holds it. Safe to use from anywhere.
public struct PeerHandle: Sendable {
  let id: PeerID
  let plane: MediaPlane

  /// Carries out a new plan after a renegotiation.
  public func update(_ plan: PeerPlan) { plane.update(id, plan) }

  /// Ends the connection: RTCP BYE and DTLS close_notify to the peer.
  public func close() { plane.close(id) }
}

/// Identifies a peer within the process.
struct PeerID: Hashable {
  let number: UInt64
}
