import RTP
import Rooms

/// Who speaks at this moment of a replay: what receivers get comes from whoever was heard last. Confined to the loop.
final class ReplayStage {
  /// A track as the audience knows it.
  struct Place: Hashable {
    let room, participant: String
    let kind: TrackResult.Kind
  }

  private var places: [TrackID: Place] = [:]
  /// The session whose bytes are being taken in, or were last.
  var speaking: PlayedSession?

  func register(_ track: TrackID, as place: Place) { places[track] = place }

  func received(_ frame: PacketizedFrame, of track: TrackID, _ manner: MediaOutput.Manner) {
    guard let place = places[track] else { return }
    speaking?.received(frame, of: place, manner)
  }

  func note(obstacle: String, of track: TrackID) {
    guard let place = places[track] else { return }
    speaking?.note(obstacle: obstacle, of: place)
  }
}
