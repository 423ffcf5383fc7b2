import Media
import NIOCore
import RTP

/// The rooms of this process: who speaks, who listens, and what each must be told.
///
/// Control plane only: a media packet never waits for this actor. It hands out ``Publication`` and ``Track`` values,
/// and the media flows between those on the event loops.
public actor RoomEngine {
  /// What a room is allowed to be.
  public struct RoomSettings: Sendable {
    /// Most participants, speakers and listeners together; nil: no bound but the gateway's own.
    public var maximumParticipants: Int?

    /// Settings of one room.
    public init(maximumParticipants: Int? = nil) { self.maximumParticipants = maximumParticipants }
  }

  /// How long a speaker who went away is expected back.
  public struct Patience: Sendable {
    /// After a connection that just broke: a client needs some seconds to notice and to come back.
    public var broken: Duration = .seconds(20)
    /// After an orderly end: long enough for a client that publishes anew at once.
    public var orderly: Duration = .seconds(2)

    /// The usual waits.
    public init() {}
  }

  private var rooms: [RoomName: RoomSettings]
  private let otherRooms: RoomSettings?
  private let patience: Patience
  private let resources: RenditionResources
  /// Time and waiting, for those who work with the rooms, too.
  public nonisolated let environment: Environment
  private var open: [RoomName: Room] = [:]
  private var nextNumber: UInt64 = 1
  private var draining = false

  /// - Parameters:
  ///   - rooms: the configured rooms.
  ///   - otherRooms: what rooms of any other name are allowed to be; nil: their publishers and listeners are refused.
  ///   - environment: time and waiting, injected for tests.
  public init(
    rooms: [RoomName: RoomSettings], otherRooms: RoomSettings? = nil, resources: RenditionResources,
    patience: Patience = Patience(), environment: Environment
  ) {
    self.rooms = rooms
    self.otherRooms = otherRooms
    self.resources = resources
    self.patience = patience
    self.environment = environment
  }

  // MARK: Speaking

  /// Lets a publisher speak under a name. Whoever spoke under it before is replaced and told so; its tracks go on.
  /// - Throws: ``RoomError``.
  public func publish(
    room: String, name: String, kind: ParticipantDescription.Kind, replaced: @escaping @Sendable () -> Void
  ) throws(RoomError) -> Publication {
    guard !draining else { throw .draining }
    let roomName = try configured(room)
    guard let participantName = ParticipantName(name) else { throw .badParticipantName }
    var state = open[roomName] ?? Room()
    if state.speakers[participantName] == nil { try checkCapacity(state, of: roomName) }
    let generation = takeNumber()
    let speaker: Speaker
    var previous: Room.Seat?
    if let seat = state.speakers[participantName] {
      speaker = seat.speaker
      previous = seat
    } else {
      speaker = Speaker(
        id: ParticipantID(number: takeNumber()), name: participantName, kind: kind, began: environment.now(),
        resources: resources)
    }
    state.speakers[participantName] = Room.Seat(speaker: speaker, generation: generation, replaced: replaced)
    speaker.isPaused = false
    open[roomName] = state
    previous?.replaced?()
    announce(.participant(speaker.description), in: roomName)
    return Publication(
      generation: generation, room: roomName, speaker: speaker, resources: resources,
      changed: { [weak self, environment] in
        environment.start { [weak self] in await self?.speakerChanged(participantName, in: roomName) }
      })
  }

  /// How a publication ended.
  public enum Departure: Sendable, Hashable {
    /// The client said that it ends.
    case orderly
    /// Its connection just broke.
    case broken
    /// It may no longer be there.
    case expelled
  }

  /// A publication ended. Its speaker pauses, and leaves when nobody comes back in time; one who was expelled leaves at
  /// once.
  public func ended(_ publication: Publication, _ departure: Departure) {
    let name = publication.speaker.name
    guard let seat = open[publication.room]?.speakers[name], seat.generation == publication.generation else { return }
    if departure == .expelled { return leave(name, generation: publication.generation, room: publication.room) }
    open[publication.room]?.speakers[name]?.replaced = nil
    seat.speaker.isPaused = true
    announce(.participant(seat.speaker.description), in: publication.room)
    let wait = departure == .orderly ? patience.orderly : patience.broken
    environment.start { [weak self, environment] in
      await environment.wait(wait)
      await self?.leave(name, generation: publication.generation, room: publication.room)
    }
  }

  /// Gives the place up of a speaker who is away for the moment and shall not come back; one who is there keeps it.
  public func forgetAbsent(_ name: String, in room: String) {
    guard let room = RoomName(room), let name = ParticipantName(name), let seat = open[room]?.speakers[name],
      seat.replaced == nil
    else { return }
    leave(name, generation: seat.generation, room: room)
  }

  private func leave(_ name: ParticipantName, generation: UInt64, room: RoomName) {
    guard let seat = open[room]?.speakers[name], seat.generation == generation else { return }
    open[room]?.speakers[name] = nil
    announce(.left(seat.speaker.id), in: room)
    closeIfEmpty(room)
  }

  private func speakerChanged(_ name: ParticipantName, in room: RoomName) {
    guard let seat = open[room]?.speakers[name] else { return }
    announce(.participant(seat.speaker.description), in: room)
  }

  // MARK: Listening

  /// Begins to watch a room.
  /// - Parameter isCounted: whether who watches is a participant, of whom a room takes so many.
  /// - Throws: ``RoomError``.
  public func listen(room: String, isCounted: Bool = true) throws(RoomError) -> Listening {
    guard !draining else { throw .draining }
    let roomName = try configured(room)
    var state = open[roomName] ?? Room()
    if isCounted { try checkCapacity(state, of: roomName) }
    let id = ListenerID(number: takeNumber())
    // Unbounded would let a listener that does not read grow; the newest events alone could hide a leave. A room's
    // events are few, so a listener that is this far behind is ended instead.
    let (stream, continuation) = AsyncStream.makeStream(of: RoomEvent.self, bufferingPolicy: .bufferingOldest(1024))
    state.listeners[id] = continuation
    if !isCounted { state.observers.insert(id) }
    open[roomName] = state
    return Listening(
      id: id, room: roomName, participants: state.speakers.values.map(\.speaker.description), events: stream)
  }

  /// Ends the watching.
  public func stopListening(_ listening: Listening) {
    open[listening.room]?.listeners.removeValue(forKey: listening.id)?.finish()
    open[listening.room]?.observers.remove(listening.id)
    closeIfEmpty(listening.room)
  }

  /// The track of that identity, if its participant is in the room.
  public func track(_ description: String, in room: RoomName) -> Track? {
    guard let state = open[room] else { return nil }
    for seat in state.speakers.values {
      for kind in MediaKind.allCases {
        let id = TrackID(participant: seat.speaker.id, kind: kind)
        if id.description == description { return seat.speaker.existingTrack(id) }
      }
    }
    return nil
  }

  /// The tracks of the participant of that name.
  /// - Throws: ``RoomError/noSuchParticipant(_:)``, ``RoomError/draining`` and the errors of the room's name.
  public func tracks(of name: String, in room: String) throws(RoomError) -> [MediaKind: Track] {
    guard !draining else { throw .draining }
    let roomName = try configured(room)
    guard let participantName = ParticipantName(name), let seat = open[roomName]?.speakers[participantName] else {
      throw .noSuchParticipant(name)
    }
    var tracks: [MediaKind: Track] = [:]
    for kind in MediaKind.allCases {
      // A track that has no media yet may be subscribed to: a player that comes early gets it when it comes.
      tracks[kind] = seat.speaker.track(kind)
    }
    return tracks
  }

  // MARK: Life cycle

  /// From now on, these rooms are there. Who is in another one, or one of too many, stays: only nobody comes in any more.
  public func configure(_ rooms: [RoomName: RoomSettings]) { self.rooms = rooms }

  /// Whether there is a room of that name.
  public func has(_ room: String) -> Bool { RoomName(room).flatMap(settings(of:)) != nil }

  /// Takes nobody in any more and tells everybody that the room closes.
  public func drain() {
    draining = true
    for (_, room) in open {
      for listener in room.listeners.values {
        listener.yield(.closing)
        listener.finish()
      }
    }
  }

  /// How many rooms are in use, and by whom.
  public var census: Census {
    var census = Census()
    census.rooms = open.count
    for room in open.values {
      census.listeners += room.listeners.count
      for seat in room.speakers.values {
        if seat.speaker.kind == .flash { census.flashSpeakers += 1 } else { census.browserSpeakers += 1 }
      }
    }
    return census
  }

  /// The participants of each room in use.
  public var overview: [RoomName: [ParticipantDescription]] {
    open.mapValues { $0.speakers.values.map(\.speaker.description) }
  }

  // MARK: -

  private func configured(_ text: String) throws(RoomError) -> RoomName {
    guard let name = RoomName(text) else { throw .badRoomName }
    guard settings(of: name) != nil else { throw .noSuchRoom(text) }
    return name
  }

  private func settings(of name: RoomName) -> RoomSettings? { rooms[name] ?? otherRooms }

  private func checkCapacity(_ room: Room, of name: RoomName) throws(RoomError) {
    guard let limit = settings(of: name)?.maximumParticipants else { return }
    if room.participantCount >= limit { throw .roomFull(limit: limit) }
  }

  private func announce(_ event: RoomEvent, in room: RoomName) {
    guard let listeners = open[room]?.listeners else { return }
    for (id, continuation) in listeners {
      if case .dropped = continuation.yield(event) {
        continuation.finish()
        open[room]?.listeners[id] = nil
        open[room]?.observers.remove(id)
      }
    }
  }

  private func closeIfEmpty(_ name: RoomName) {
    if let room = open[name], room.speakers.isEmpty, room.listeners.isEmpty { open[name] = nil }
  }

  private func takeNumber() -> UInt64 {
    defer { nextNumber += 1 }
    return nextNumber
  }
}
