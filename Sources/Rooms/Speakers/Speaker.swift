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

  /// The latest media time of any frame so far, in microseconds.
  private let newest = Atomic<Int64>(0)

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

  /// Notes that a frame of that media time came.
  func reached(_ time: Int64) {
    if time > newest.load(ordering: .relaxed) { newest.store(time, ordering: .relaxed) }
  }

  /// Where on the speaker's clock a publication starts whose first message comes at `now`, in microseconds after
  /// ``began``: behind what a hasty predecessor has sent ahead of its time, so that the tracks do not jump back.
  func start(at now: NIODeadline) -> Int64 {
    let elapsed = max(0, (now - began).nanoseconds / 1000)
    let reached = newest.load(ordering: .relaxed) - Timeline.margin + Self.gap
    return reached > elapsed && reached - elapsed <= Self.longestLead ? reached : elapsed
  }

  /// Between a predecessor's last frame and the first of the next publication.
  private static let gap: Int64 = 20_000
  /// A predecessor that is further ahead than this had no time worth to keep.
  private static let longestLead: Int64 = 10_000_000

  var isPaused: Bool {
    get { state.withLock { $0.isPaused } }
    set { state.withLock { $0.isPaused = newValue } }
  }

  var description: ParticipantDescription {
    let (tracks, paused) = state.withLock { ($0.tracks, $0.isPaused) }
    let descriptions = MediaKind.allCases.compactMap { kind -> TrackDescription? in
      guard let track = tracks[kind], let source = track.source else { return nil }
      let state: TrackDescription.State
      if case .unsupported(_, let codec, let obstacle) = source {
        state = .unsupported(obstacle.sentence(codec))
      } else {
        state = paused ? .paused : .live
      }
      return TrackDescription(id: track.id, kind: kind, codec: source.codecName, state: state)
    }
    return ParticipantDescription(id: id, name: name, kind: kind, tracks: descriptions)
  }
}
