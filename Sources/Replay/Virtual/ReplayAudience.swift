import NIOCore
import RTP
import Rooms

/// Receives every track of every room that somebody speaks in: as it came where browsers take that, and otherwise, or
/// besides for sound, encoded anew.
actor ReplayAudience {
  /// Where what is received goes; confined to the replay's loop.
  typealias Stage = NIOLoopBound<ReplayStage>

  private let rooms: RoomEngine
  private let stage: Stage
  private let sink: StageSink
  private var watched: Set<String> = []
  private var known: Set<ParticipantID> = []
  private var nextSubscriber: UInt64 = 1

  init(rooms: RoomEngine, stage: Stage) {
    self.rooms = rooms
    self.stage = stage
    sink = StageSink(stage)
  }

  /// Begins to watch a room, if it is one; before anybody speaks in it, so that no frame is missed.
  func watch(_ room: String) async {
    guard watched.count < Self.mostRooms, watched.insert(room).inserted,
      let listening = try? await rooms.listen(room: room, isCounted: false)
    else { return }
    rooms.environment.start {
      for await event in listening.events {
        if case .participant(let participant) = event { await self.meet(participant, in: room) }
      }
    }
  }

  private func meet(_ participant: ParticipantDescription, in room: String) async {
    if known.insert(participant.id).inserted,
      let tracks = try? await rooms.tracks(of: participant.name.description, in: room)
    {
      for (kind, track) in tracks {
        let place = ReplayStage.Place(
          room: room, participant: participant.name.description, kind: kind == .audio ? .audio : .video)
        stage.value.register(track.id, as: place)
        subscribe(to: track)
      }
    }
    for track in participant.tracks {
      if case .unsupported(let sentence) = track.state { stage.value.note(obstacle: sentence, of: track.id) }
    }
  }

  private func subscribe(to track: Track) {
    // Whoever takes Opus gets it; those who do not show what passes through.
    let receivers: [Set<PayloadCodec>] = track.kind == .audio ? [[.opus], [.pcmu, .pcma]] : [[.h264, .vp8]]
    for codecs in receivers {
      track.subscribe(Subscriber(id: SubscriberID(nextSubscriber), codecs: codecs, sink: sink))
      nextSubscriber += 1
    }
  }

  /// A capture may name rooms without end.
  private static let mostRooms = 1000
}

/// Hands what the rooms send to the stage. All of it happens on the replay's loop: codecs run on the caller's thread.
private final class StageSink: FrameSink {
  private let stage: ReplayAudience.Stage

  init(_ stage: ReplayAudience.Stage) { self.stage = stage }

  func deliver(
    _ frame: PacketizedFrame, of track: TrackID, as rendition: Rendition, untouched: PayloadCodec?,
    receivedAt: NIODeadline
  ) {
    let manner: MediaOutput.Manner = if case .untouched = rendition { .untouched } else { .transcoded }
    stage.value.received(frame, of: track, manner)
  }

  /// Only those who come late, or lose packets, get these.
  func deliver(groupOfPictures: [PacketizedFrame], of track: TrackID, to subscriber: SubscriberID) {}
}
