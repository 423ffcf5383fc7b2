import Edge
import Identity
import Logging
import Metrics
import Rooms

/// The keys of a running gateway: the store, that it is there, and the watch over what changes.
struct GatewayKeys: Sendable {
  let store: KeyStore
  let presence: GatewayPresence
  let gate: KeyGate

  /// Opens the store if a room needs keys.
  /// - Throws: `ConfigurationError` with the place of the store's path.
  static func open(
    _ configuration: Configuration, rooms: RoomsInForce, readiness: ReadinessBoard, log: Logger
  ) async throws(ConfigurationError) -> GatewayKeys? {
    guard configuration.rooms.values.contains(where: { !$0.isOpen }) else { return nil }
    let path = configuration.store.sqlite
    do throws(IdentityError) {
      let store = try await KeyStore.open(path.value)
      return GatewayKeys(
        store: store, presence: try await store.enter(acted: 0),
        gate: KeyGate(store: store, readiness: readiness, log: log, needsKey: rooms.needsKey))
    } catch {
      throw ConfigurationError(at: path.position, "\(error)")
    }
  }

  func close() { store.close() }
}
