/// Why something about keys or their store could not be done.
public enum IdentityError: Error, Sendable, Equatable, CustomStringConvertible {
  /// The store cannot be opened, read or written; says what the system or SQLite said.
  case store(String)
  /// The file that keeps the server's secret is missing, open to others, or of another store.
  case secret(String)
  /// The participant has a key that is valid: rotate it or revoke it first.
  case hasKey(room: String, name: String)
  /// The participant has no valid key.
  case noKey(room: String, name: String)
  /// The configuration has no such room.
  case noRoom(String)
  /// A text cannot name a room or a participant.
  case badName(String)
  /// The time at which the key would expire is not in the future.
  case expiresInThePast

  /// One line, without secrets.
  public var description: String {
    switch self {
    case .store(let what): "the key store: \(what)"
    case .secret(let what): "the key store's secret: \(what)"
    case .hasKey(let room, let name): "\(name) has a key for \(room) already: rotate it, or revoke it first"
    case .noKey(let room, let name): "\(name) has no valid key for \(room)"
    case .noRoom(let room): "there is no room \"\(room)\" in the configuration"
    case .badName(let what): what
    case .expiresInThePast: "the key would have expired already"
    }
  }
}
