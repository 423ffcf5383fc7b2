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

/// Time and waiting, as the room needs them.
public struct Environment: Sendable {
  /// The monotonic time.
  public var now: @Sendable () -> NIODeadline
  /// Waits; returns early when the task is cancelled.
  public var wait: @Sendable (Duration) async -> Void

  /// Puts an environment together.
  public init(
    now: @escaping @Sendable () -> NIODeadline, wait: @escaping @Sendable (Duration) async -> Void
  ) {
    self.now = now
    self.wait = wait
  }
}
