/// Reads audit records in their order and keeps what they tell of clients that still come by Flash.
///
/// A session has a record of its `connect`, one of each entry into a room, and one of its end. One that never came into a
/// room counts under its address.
struct MigrationLedger {
  private struct OpenSession {
    let entry: MigrationRecord
    var who: Who?
  }

  typealias Who = MigrationReport.Participant.Who

  /// What is known of one who came.
  private struct Known {
    var participant: MigrationReport.Participant
    /// When it came by each way last.
    var ways: [String: Int64] = [:]
  }

  private let window: MigrationWindow
  private var open: [Int: OpenSession] = [:]
  private var known: [Who: Known] = [:]
  private var isTruncated = false
  private var first: Int64?
  private var doors: [MigrationDoor: DoorUse] = [:]
  private var differences: [MigrationReport.Difference.What: (last: Int64, count: Int, who: Set<Who>)] = [:]
  private var days: [Int64: DayUse] = [:]

  private struct DoorUse {
    var used: Int64?
    var tried: Int64?
    var sessions = 0
  }

  private struct DayUse {
    var who: Set<Who> = []
    var flash = 0
    var browsers = 0
  }

  /// More of them in a window are counted as one that stands for all others.
  static let mostParticipants = 20_000
  private static let mostDifferences = 1_000

  init(_ window: MigrationWindow) { self.window = window }

  // MARK: Reading

  /// Takes one line of an audit file.
  mutating func read(_ line: [UInt8]) {
    if first == nil { first = MigrationRecord.time(of: line) }
    guard let record = MigrationRecord(line) else { return }
    guard record.event != .gatewayStarted else { return closeAll() }
    guard LegacyDoor.isLegacy(record.way) else {
      if record.event == .entered(isConnect: false), window.contains(record.time) {
        days[window.day(of: record.time), default: DayUse()].browsers += 1
      }
      return
    }
    switch record.event {
    case .entered(let isConnect): entered(record, isConnect: isConnect)
    case .denied: doors[MigrationDoor(record), default: DoorUse()].tried = record.time
    case .departed: departed(record)
    case .shadow: differs(record)
    case .gatewayStarted: break
    }
  }

  private mutating func entered(_ record: MigrationRecord, isConnect: Bool) {
    let former = open[record.session]
    if former == nil {
      doors[MigrationDoor(record), default: DoorUse()].used = record.time
      if window.contains(record.time) {
        doors[MigrationDoor(record), default: DoorUse()].sessions += 1
        days[window.day(of: record.time), default: DayUse()].flash += 1
      }
    }
    guard !isConnect else {
      open[record.session] = OpenSession(entry: record)
      return
    }
    // A listener's entry has no name of its own and must not hide that of a speaker.
    if record.name == nil, former?.who != nil { return }
    let who = Who(record)
    open[record.session] = OpenSession(entry: former?.entry ?? record, who: who)
    note(who, record, countsSession: former?.who != who)
  }

  private mutating func departed(_ record: MigrationRecord) {
    guard let session = open.removeValue(forKey: record.session) else { return }
    let who = session.who ?? Who(record)
    if session.who == nil { note(who, session.entry, countsSession: true) }
    guard window.contains(record.time), var found = known[who] else { return }
    found.participant.audio.formUnion(record.audio)
    found.participant.video.formUnion(record.video)
    if record.isReordered { found.participant.marks.insert(.reordersPictures) }
    if record.isUncarried { found.participant.marks.insert(.isUncarried) }
    if record.isShadowed { found.participant.marks.insert(.isShadowed) }
    found.participant.lastSeen = max(found.participant.lastSeen, record.time)
    known[who] = found
  }

  private mutating func differs(_ record: MigrationRecord) {
    guard window.contains(record.time), let what = record.difference,
      differences[what] != nil || differences.count < Self.mostDifferences
    else { return }
    var found = differences[what] ?? (last: 0, count: 0, who: [])
    found.last = max(found.last, record.time)
    found.count += 1
    found.who.insert(open[record.session]?.who ?? Who(record))
    differences[what] = found
  }

  /// The gateway that had these sessions is gone.
  private mutating func closeAll() {
    for session in open.values where session.who == nil {
      note(Who(session.entry), session.entry, countsSession: true)
    }
    open = [:]
  }

  private mutating func note(_ who: Who, _ record: MigrationRecord, countsSession: Bool) {
    guard window.contains(record.time) else { return }
    days[window.day(of: record.time), default: DayUse()].who.insert(who)
    guard known[who] != nil || known.count < Self.mostParticipants else {
      isTruncated = true
      return
    }
    var found = known[who] ?? Known(participant: MigrationReport.Participant(who, seen: record.time))
    found.participant.lastSeen = max(found.participant.lastSeen, record.time)
    found.participant.firstSeen = min(found.participant.firstSeen, record.time)
    if countsSession { found.participant.sessions += 1 }
    if let player = record.player { found.participant.players.insert(player) }
    if let tls = record.tls { found.participant.tls.insert(tls) }
    found.ways[record.way] = record.time
    found.participant.addresses.insert(record.address)
    known[who] = found
  }

  // MARK: The report

  /// What the records read so far come to.
  /// - Parameter open: the doors that the configuration opens.
  consuming func report(openDoors: [MigrationDoor]) -> MigrationReport {
    closeAll()
    let participants = known.values.map { known in
      var participant = known.participant
      participant.ways = Set(known.ways.keys)
      return participant
    }
    let differences = self.differences.map { what, found in
      MigrationReport.Difference(
        what: what, sessions: found.count, participants: found.who.map(\.text).sorted(), lastSeen: found.last)
    }
    return MigrationReport(
      window: window, since: first, isTruncated: isTruncated,
      participants: participants.sorted { ($0.lastSeen, $1.who) > ($1.lastSeen, $0.who) },
      doors: openDoors.map { door in
        let use = doors[door] ?? DoorUse()
        return MigrationReport.Door(
          door: door, lastUsed: use.used, lastTried: use.tried, sessions: use.sessions,
          state: state(lastAsked: max(use.used ?? .min, use.tried ?? .min)))
      },
      differences: differences.sorted { ($0.sessions, $1.what) > ($1.sessions, $0.what) },
      trend: window.days.map { day in
        let use = days[day] ?? DayUse()
        return MigrationReport.Day(
          day: day, participants: use.who.count, flashSessions: use.flash, browserSessions: use.browsers)
      })
  }

  private func state(lastAsked: Int64) -> MigrationReport.Door.State {
    if lastAsked >= window.start { return .inUse }
    guard let first, first <= window.start else { return .recordTooShort }
    return .safeToClose
  }
}

/// The days that a report looks at.
struct MigrationWindow: Sendable, Equatable {
  /// The moment of the report, in milliseconds since 1970.
  let now: Int64
  /// How many days back.
  let length: Int

  static let day: Int64 = 86_400_000

  /// From where on records count.
  var start: Int64 { now - Int64(length) * Self.day }

  func contains(_ time: Int64) -> Bool { time >= start && time <= now }

  /// The number of a time's day (UTC) since 1970.
  func day(of time: Int64) -> Int64 { time / Self.day }

  /// The days that have a part in it, the oldest first.
  var days: [Int64] { Array(day(of: start)...day(of: now)) }
}

/// A door of Flash: a listener and one of the protocols that it accepts.
struct MigrationDoor: Sendable, Hashable {
  let listener: String
  let way: String

  init(listener: String, way: String) {
    self.listener = listener
    self.way = way
  }

  /// RTMPE in a tunnel came by the tunnel's door.
  init(_ record: MigrationRecord) {
    self.init(listener: record.listener, way: record.way == "rtmpte" ? "rtmpt" : record.way)
  }
}

extension MigrationReport.Participant.Who {
  init(_ record: MigrationRecord) {
    self.init(room: record.room, name: record.name, address: record.name == nil ? record.address : nil)
  }
}
