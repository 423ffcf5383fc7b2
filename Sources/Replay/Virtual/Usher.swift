import Rooms
import Synchronization

/// Stands before a replay's gate: time stands still while the gate thinks, and the audience is in the room before a
/// speaker comes.
final class Usher: Sendable {
  private let loop: VirtualLoop
  private let audience = Mutex<ReplayAudience?>(nil)

  init(loop: VirtualLoop) { self.loop = loop }

  /// From now on, this audience goes ahead of speakers.
  func serve(_ audience: ReplayAudience) { self.audience.withLock { $0 = audience } }

  func guarding(_ gate: any RoomGate) -> any RoomGate { Guarded(usher: self, gate: gate) }

  private struct Guarded: RoomGate {
    let usher: Usher
    let gate: any RoomGate

    func admit(_ request: EntryRequest) async -> EntryDecision {
      if request.step == .join, let room = request.room, let audience = usher.audience.withLock({ $0 }) {
        await audience.watch(room)
      }
      return await usher.loop.ask { await gate.admit(request) }
    }

    func expelled(among entries: [Entry]) async -> [(session: UInt64, denial: Denial)] {
      await usher.loop.ask { await gate.expelled(among: entries) }
    }
  }
}
