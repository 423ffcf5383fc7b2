import Rooms

/// The one way into a room, for every protocol: asks the gate, and keeps who came in where rules find them again.
public struct Entrance: Sendable {
  /// Told of each denial that the front door does not count: of those who were to come into a room.
  public typealias Denied = @Sendable (EntryRequest, Denial) -> Void

  private let gate: any RoomGate
  private let sessions: LiveSessions
  private let denied: Denied

  /// An entrance to the rooms behind `gate`.
  public init(gate: any RoomGate, sessions: LiveSessions, denied: @escaping Denied = { _, _ in }) {
    self.gate = gate
    self.sessions = sessions
    self.denied = denied
  }

  /// Asks the gate, for a session that is open in ``LiveSessions``.
  public func admit(_ request: EntryRequest) async -> EntryDecision {
    var decision = await gate.admit(request)
    if case .allowed(let admittance) = decision {
      let entry = Entry(request, by: admittance)
      sessions.entered(entry)
      // What was revoked since the gate looked would otherwise be missed: the session was not yet to be found.
      if let denial = await gate.expelled(among: [entry]).first?.denial { decision = .denied(denial) }
    }
    if case .denied(let denial) = decision, request.step == .join { denied(request, denial) }
    return decision
  }

  /// Asks the gate, and then the room by `body`. What was used up for a place that the room does not have is given back.
  public func enter<Place: Sendable>(
    _ request: EntryRequest, _ body: () async throws(RoomError) -> Place
  ) async -> Result<Place, EntryRefusal> {
    let admittance: Admittance
    switch await admit(request) {
    case .allowed(let found): admittance = found
    case .denied(let denial): return .failure(.gate(denial))
    }
    do throws(RoomError) {
      return .success(try await body())
    } catch {
      await giveBack(admittance)
      return .failure(.room(error))
    }
  }

  /// Whoever was let in found no place: what was used up for it is good again.
  public func giveBack(_ admittance: Admittance) async {
    if admittance.isUsedUp { await gate.giveBack(admittance) }
  }

  /// The rules have changed: puts all who are in to them again and ends the sessions of those who may not stay.
  /// - Returns: how many these are.
  @discardableResult
  public func judgeAgain() async -> Int {
    let expelled = await gate.expelled(among: sessions.entries)
    for (session, denial) in expelled { _ = sessions.end(session, .denied(denial)) }
    return expelled.count
  }
}
