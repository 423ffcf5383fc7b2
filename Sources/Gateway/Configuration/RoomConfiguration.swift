import AccessPolicy
import Edge

/// A room: who may come in, and how many.
public struct RoomConfiguration: Sendable, Equatable {
  /// No key is needed. Default false.
  public var isOpen: Bool
  /// Most participants at one time, speakers and listeners together; nil without a bound of its own.
  public var maximumParticipants: Int?
  /// Its own lists; an address must be allowed by those for all too.
  public var access: AccessSources.Level
  /// The old server that goes on serving its Flash clients; nil: none does.
  public var shadow: ShadowServer?

  init(
    isOpen: Bool = true, maximumParticipants: Int? = nil, access: AccessSources.Level = .init(),
    shadow: ShadowServer? = nil
  ) {
    self.shadow = shadow
    self.isOpen = isOpen
    self.maximumParticipants = maximumParticipants
    self.access = access
  }

  /// Longest name of a room in bytes.
  static let maximumNameLength = 64
}

extension RoomConfiguration {
  static func readAll(from section: ConfigurationSection, at root: ConfigurationValue) -> [String: RoomConfiguration] {
    guard let value = section["rooms"] else {
      if section.isReadable { root.problem("no rooms: add `rooms:` with at least one `NAME: { open: true }`") }
      return [:]
    }
    var rooms: [String: RoomConfiguration] = [:]
    let section = value.sectionOfNames()
    if section.isReadable, section.entries.isEmpty {
      value.problem("no rooms: add at least one `NAME: { open: true }`")
    }
    for entry in section.entries {
      if !isName(entry.name) {
        value.reader.report(
          ConfigurationProblem(
            at: entry.position,
            "\(quoted(entry.name)) cannot name a room: use 1 to \(maximumNameLength) letters, digits, `.`, `_` or `-`,"
              + " a letter or digit first"))
      }
      rooms[entry.name] = RoomConfiguration(reading: entry.value)
    }
    return rooms
  }

  /// Names stand in URLs and in file names; nothing that needs escaping in either.
  static func isName(_ name: String) -> Bool {
    func isAlphanumeric(_ byte: UInt8) -> Bool {
      switch byte {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "0")...UInt8(ascii: "9"):
        true
      default: false
      }
    }
    guard let first = name.utf8.first, isAlphanumeric(first), name.utf8.count <= maximumNameLength else { return false }
    return name.utf8.allSatisfy { isAlphanumeric($0) || ".-_".utf8.contains($0) }
  }

  private init(reading value: ConfigurationValue) {
    self.init()
    let section = value.section(keys: ["open", "max_participants", "access", "shadow"], later: ["keys"])
    access = section["access"].map(AccessSources.Level.init(reading:)) ?? .init()
    if let maximum = section["max_participants"]?.integer(in: 1...100_000, what: "a number of participants") {
      maximumParticipants = maximum
    }
    shadow = section["shadow"].flatMap { $0.shadowServer() }
    isOpen = section["open"].flatMap { $0.boolean() } ?? false
  }
}
