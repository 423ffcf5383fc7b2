import Foundation

/// One audit record, as far as the migration report reads it.
struct MigrationRecord {
  /// What happened.
  enum Event: Equatable {
    /// Somebody was let in, at `connect` or into a room.
    case entered(isConnect: Bool)
    /// Somebody was kept out.
    case denied
    case departed
    case shadow
    case gatewayStarted
  }

  let event: Event
  /// Milliseconds since 1970.
  let time: Int64
  let session: Int
  let way: String
  let listener: String
  let address: String
  let room: String?
  let name: String?
  let player: String?
  let tls: String?
  let audio: [String]
  let video: [String]
  let isReordered: Bool
  let isUncarried: Bool
  let isShadowed: Bool
  let difference: MigrationReport.Difference.What?

  /// Reads a line of an audit file; nil when it tells nothing of sessions, or is none.
  init?(_ line: [UInt8]) {
    guard Self.isOfInterest(line),
      let object = try? JSONSerialization.jsonObject(with: Data(line)) as? [String: Any],
      let time = (object["time"] as? String).flatMap({ LogTime(parsing: $0) }), let event = Self.event(object)
    else { return nil }
    func text(_ key: String) -> String? { object[key] as? String }
    func words(_ key: String) -> [String] { text(key)?.split(separator: " ").map(String.init) ?? [] }
    func flag(_ key: String) -> Bool { object[key] as? Bool ?? false }
    self.event = event
    self.time = time.milliseconds
    session = object["session"] as? Int ?? 0
    way = text("protocol") ?? ""
    listener = text("listener") ?? ""
    address = text("address") ?? ""
    room = text("room")
    name = text("name")
    player = text("player")
    tls = text("tls")
    audio = words("audio")
    video = words("video")
    isReordered = flag("reordered")
    isUncarried = flag("uncarried")
    isShadowed = flag("shadowed")
    if let command = text("command"), let old = text("old"), let new = text("new") {
      difference = .init(command: command, old: old, new: new)
    } else {
      difference = nil
    }
  }

  /// The time of a line, whatever it records; nil when it has none.
  static func time(of line: [UInt8]) -> Int64? {
    let text = String(decoding: line.prefix(128), as: UTF8.self)
    guard let start = text.firstRange(of: "\"time\":\"")?.upperBound else { return nil }
    return LogTime(parsing: String(text[start...].prefix { $0 != "\"" }))?.milliseconds
  }

  /// The kind of a record stands near its beginning; most records of a busy gateway need not be read further.
  private static func isOfInterest(_ line: [UInt8]) -> Bool {
    let text = String(decoding: line.prefix(128), as: UTF8.self)
    return ["session", "departed", "shadow", "gateway"].contains { text.contains("\"event\":\"\($0)\"") }
  }

  private static func event(_ object: [String: Any]) -> Event? {
    switch object["event"] as? String {
    case "departed": .departed
    case "shadow": .shadow
    case "gateway": object["act"] as? String == "start" ? .gatewayStarted : nil
    case "session":
      switch object["decision"] as? String {
      case "allowed": .entered(isConnect: object["step"] as? String == "connect")
      case "denied": .denied
      default: nil
      }
    default: nil
    }
  }
}

extension LogTime {
  /// `2026-01-31T23:59:59.999Z`, as ``text`` writes it; the fraction may be missing.
  init?(parsing text: String) {
    guard
      let match = text.wholeMatch(of: /(\d{4})-(\d{2})-(\d{2})T(\d{2}):(\d{2}):(\d{2})(?:\.(\d{3}))?Z/),
      let year = Int64(match.1), let month = Int64(match.2), let day = Int64(match.3), let hour = Int64(match.4),
      let minute = Int64(match.5), let second = Int64(match.6), (1...12).contains(month), (1...31).contains(day),
      hour < 24, minute < 60, second < 61
    else { return nil }
    // Days since 1970 of a date in the Gregorian calendar, whose year is taken to begin in March.
    let shifted = month > 2 ? year : year - 1
    let era = shifted / 400
    let yearOfEra = shifted - era * 400
    let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
    let days = era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
    let fraction = match.7.flatMap { Int64($0) } ?? 0
    self.init(milliseconds: ((days * 24 + hour) * 60 + minute) * 60_000 + second * 1000 + fraction)
  }
}
