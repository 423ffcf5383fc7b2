/// How far a migration is: who still came by Flash, how, and which doors can close.
///
/// All of it is from the audit and holds nothing that the audit does not.
public struct MigrationReport: Sendable, Equatable {
  /// One who came by Flash.
  struct Participant: Sendable, Equatable {
    /// Whom it is taken for: a name in a room, or an address where no name was said.
    struct Who: Sendable, Hashable, Comparable {
      let room: String?
      let name: String?
      let address: String?

      var text: String { [room, name ?? address].compactMap { $0 }.joined(separator: "/") }

      static func < (left: Who, right: Who) -> Bool { left.text < right.text }
    }

    /// What stands in the way of its switch.
    enum Mark: Sendable, Hashable { case reordersPictures, isUncarried, isShadowed }

    let who: Who
    var firstSeen: Int64
    var lastSeen: Int64
    var sessions = 0
    var ways: Set<String> = []
    var players: Set<String> = []
    var tls: Set<String> = []
    var audio: Set<String> = []
    var video: Set<String> = []
    var addresses: Set<String> = []
    var marks: Set<Mark> = []

    init(_ who: Who, seen: Int64) {
      self.who = who
      firstSeen = seen
      lastSeen = seen
    }
  }

  /// A door and whether anybody needs it.
  struct Door: Sendable, Equatable {
    enum State: String, Sendable {
      case inUse = "in_use"
      case safeToClose = "safe_to_close"
      /// Nobody came, but the record does not reach back far enough.
      case recordTooShort = "record_too_short"
    }

    let door: MigrationDoor
    let lastUsed: Int64?
    /// When somebody was denied there.
    let lastTried: Int64?
    let sessions: Int
    let state: State
  }

  /// What an old server did and the gateway would not have done.
  struct Difference: Sendable, Equatable {
    struct What: Sendable, Hashable, Comparable {
      let command: String
      let old: String
      let new: String

      static func < (left: What, right: What) -> Bool {
        (left.command, left.old, left.new) < (right.command, right.old, right.new)
      }
    }

    let what: What
    let sessions: Int
    let participants: [String]
    let lastSeen: Int64
  }

  /// One day.
  struct Day: Sendable, Equatable {
    /// Days since 1970.
    let day: Int64
    let participants: Int
    let flashSessions: Int
    let browserSessions: Int
  }

  let window: MigrationWindow
  /// The first record's time; nil without records.
  let since: Int64?
  /// There were more participants than are listed.
  let isTruncated: Bool
  /// Those of the window, the latest first.
  let participants: [Participant]
  let doors: [Door]
  let differences: [Difference]
  let trend: [Day]

  /// How many came by Flash in the last days.
  func count(lastDays: Int) -> Int {
    participants.count { $0.lastSeen >= window.now - Int64(lastDays) * MigrationWindow.day }
  }

  /// The days for which participants are counted.
  var spans: [Int] { [1, 7, 30].filter { $0 <= window.length } }
}

extension MigrationReport {
  /// Something that stands in the way of switching Flash off, and whom it concerns.
  struct Blocker: Sendable, Equatable {
    enum Kind: String, Sendable, CaseIterable {
      case oldServer = "old_server"
      case uncarriedCodec = "uncarried_codec"
      case reorderedPictures = "reordered_pictures"
      case oldTLS = "old_tls"
      case tunnelOnly = "tunnel_only"
      case brokenEncryption = "broken_encryption"

      /// One sentence for people.
      var sentence: String {
        switch self {
        case .oldServer: "Uses what only the old server does: calls, shared objects, answers of its own."
        case .uncarriedCodec: "Sends a codec that cannot be carried to browsers."
        case .reorderedPictures: "Sends B-frames or fields: each such speaker costs a decoder and an encoder."
        case .oldTLS: "Speaks TLS 1.0 or 1.1 and nothing newer: its listener cannot ask for more before it goes."
        case .tunnelOnly: "Comes by HTTP tunnels only: its network lets nothing else through. Try media over TCP (ice)."
        case .brokenEncryption: "Relies on RTMPE, which protects nothing."
        }
      }
    }

    let kind: Kind
    let participants: [String]
  }

  /// What stands in the way, where there is anybody whom it concerns.
  var blockers: [Blocker] {
    let differing = Set(differences.flatMap(\.participants))
    return Blocker.Kind.allCases.compactMap { kind in
      let concerned = participants.filter { participant in
        switch kind {
        case .oldServer: differing.contains(participant.who.text)
        case .uncarriedCodec: participant.marks.contains(.isUncarried)
        case .reorderedPictures: participant.marks.contains(.reordersPictures)
        case .oldTLS: !participant.tls.isEmpty && participant.tls.allSatisfy { $0 < "1.2" }
        case .tunnelOnly: !participant.ways.isEmpty && participant.ways.allSatisfy { $0.hasPrefix("rtmpt") }
        case .brokenEncryption: !participant.ways.isDisjoint(with: ["rtmpe", "rtmpte"])
        }
      }
      return concerned.isEmpty ? nil : Blocker(kind: kind, participants: concerned.map(\.who.text).sorted())
    }
  }
}
