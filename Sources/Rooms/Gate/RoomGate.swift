/// Decides who may come into a room, and who may stay.
///
/// Asked by every protocol before a participant comes in, through `Edge.Entrance`. It may wait for a store; nothing of
/// it stands between a packet and its receivers.
public protocol RoomGate: Sendable {
  /// Whether the one who asks may come in.
  func admit(_ request: EntryRequest) async -> EntryDecision

  /// Which of those who came in may no longer be there, and why. Asked for all when rules change, and for each right
  /// after it came in, so that a change of rules in between misses nobody.
  func expelled(among entries: [Entry]) async -> [(session: UInt64, denial: Denial)]

  /// Somebody was let in and the room had no place: what let them in is not used up by it.
  func giveBack(_ admittance: Admittance) async
}

extension RoomGate {
  /// Nothing, where nothing is used up.
  public func giveBack(_ admittance: Admittance) async {}
}

/// Lets everybody in and expels nobody.
public struct OpenGate: RoomGate {
  /// The gate of a gateway whose rooms are all open.
  public init() {}

  /// Allowed.
  public func admit(_ request: EntryRequest) async -> EntryDecision { .allowed(Admittance()) }

  /// Nobody.
  public func expelled(among entries: [Entry]) async -> [(session: UInt64, denial: Denial)] { [] }
}

/// Several gates, one behind the other: in is who passes them all. The first that denies is the one that is told.
public struct GateRow: RoomGate {
  private let gates: [any RoomGate]

  /// Gates in the order in which they are asked.
  public init(_ gates: [any RoomGate]) { self.gates = gates }

  /// Allowed with what each gate found out, or the first denial.
  public func admit(_ request: EntryRequest) async -> EntryDecision {
    var admittance = Admittance()
    for gate in gates {
      switch await gate.admit(request) {
      case .allowed(let found):
        admittance.keyID = found.keyID ?? admittance.keyID
        admittance.isUsedUp = admittance.isUsedUp || found.isUsedUp
      case .denied(let denial): return .denied(denial)
      }
    }
    return .allowed(admittance)
  }

  /// Each gate gets back what it gave.
  public func giveBack(_ admittance: Admittance) async {
    for gate in gates { await gate.giveBack(admittance) }
  }

  /// Whom any gate expels, once each.
  public func expelled(among entries: [Entry]) async -> [(session: UInt64, denial: Denial)] {
    var result: [(session: UInt64, denial: Denial)] = []
    var rest = entries
    for gate in gates {
      let found = await gate.expelled(among: rest)
      let gone = Set(found.map(\.session))
      result += found
      rest.removeAll { gone.contains($0.session) }
    }
    return result
  }
}
