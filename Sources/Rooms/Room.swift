import NIOCore
import RTP

/// A room in use.
struct Room {
  /// A speaker's place, and who holds it now.
  struct Seat {
    let speaker: Speaker
    var generation: UInt64
    /// Ends the session that holds the seat; nil while nobody does.
    var replaced: (@Sendable () -> Void)?
  }

  var speakers: [ParticipantName: Seat] = [:]
  var listeners: [ListenerID: AsyncStream<RoomEvent>.Continuation] = [:]
  /// Those of the listeners that are no participants.
  var observers: Set<ListenerID> = []

  /// Speakers and listeners together.
  var participantCount: Int { speakers.count + listeners.count - observers.count }
}

/// Identifies one who watches a room.
public struct ListenerID: Sendable, Hashable {
  let number: UInt64
}

/// The watching of a room.
public struct Listening: Sendable {
  /// Unique in the process.
  public let id: ListenerID
  /// The room that is watched.
  public let room: RoomName
  /// Who spoke when the watching began.
  public let participants: [ParticipantDescription]
  /// What happens from then on. Ends with ``RoomEvent/closing``, or without it when the listener was too slow.
  public let events: AsyncStream<RoomEvent>
}

/// Figures for metrics.
public struct Census: Sendable, Equatable {
  /// Rooms in use.
  public var rooms = 0
  /// Speakers that came by a legacy protocol.
  public var flashSpeakers = 0
  /// Speakers that came by WebRTC.
  public var browserSpeakers = 0
  /// Browsers and players that listen.
  public var listeners = 0
}

/// Time, waiting, and where the control plane's tasks run, as rooms and the doors to them need it.
public struct Environment: Sendable {
  /// The monotonic time.
  public var now: @Sendable () -> NIODeadline
  /// Waits; returns early when the task is cancelled.
  public var wait: @Sendable (Duration) async -> Void
  /// Starts a task that nobody waits for.
  public var start: @Sendable (@escaping @Sendable () async -> Void) -> Void

  /// Puts an environment together; tasks run where Swift's concurrency runs them, unless told otherwise.
  public init(
    now: @escaping @Sendable () -> NIODeadline, wait: @escaping @Sendable (Duration) async -> Void,
    start: @escaping @Sendable (@escaping @Sendable () async -> Void) -> Void = { body in Task { await body() } }
  ) {
    self.now = now
    self.wait = wait
    self.start = start
  }
}
