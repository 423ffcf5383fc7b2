import NIOCore
import RTP
import Synchronization

/// A participant that sends: its tracks and their common media clock, over all its reconnects.
final class Speaker: Sendable {
  let id: ParticipantID
  let name: ParticipantName
  let kind: ParticipantDescription.Kind
  /// When media time ``Timeline/margin`` was.
  let began: NIODeadline

  private let resources: RenditionResources
  private let state = Mutex(State())

  private struct State {
    var tracks: [MediaKind: Track] = [:]
    var isPaused = false
  }

  init(
    id: ParticipantID, name: ParticipantName, kind: ParticipantDescription.Kind, began: NIODeadline,
    resources: RenditionResources
  ) {
    self.id = id
    self.name = name
    self.kind = kind
    self.began = began
    self.resources = resources
  }

  /// The track of a kind, made when its first frame comes.
  func track(_ kind: MediaKind) -> Track {
    state.withLock { state in
      if let track = state.tracks[kind] { return track }
      let track = Track(id: TrackID(participant: id, kind: kind), resources: resources)
      state.tracks[kind] = track
      return track
    }
  }

  func existingTrack(_ id: TrackID) -> Track? {
    state.withLock { state in state.tracks.values.first { $0.id == id } }
  }

  var isPaused: Bool {
    get { state.withLock { $0.isPaused } }
    set { state.withLock { $0.isPaused = newValue } }
  }

  var description: ParticipantDescription {
    let (tracks, paused) = state.withLock { ($0.tracks, $0.isPaused) }
    let descriptions = MediaKind.allCases.compactMap { kind -> TrackDescription? in
      guard let track = tracks[kind], let source = track.source else { return nil }
      let state: TrackDescription.State
      if case .unsupported(_, let codec) = source {
        state = .unsupported("\(codec) cannot be carried to browsers")
      } else {
        state = paused ? .paused : .live
      }
      return TrackDescription(id: track.id, kind: kind, codec: source.codecName, state: state)
    }
    return ParticipantDescription(id: id, name: name, kind: kind, tracks: descriptions)
  }
}
