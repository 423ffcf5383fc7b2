/// Where keys are kept.
public struct StoreConfiguration: Sendable, Equatable {
  /// The SQLite file. Default `flashgate.db` beside the configuration. It is opened when a room needs keys.
  public var sqlite: Located<String>

  init(sqlite: Located<String> = Located(defaultName)) {
    self.sqlite = sqlite
  }

  private static let defaultName = "flashgate.db"
}

extension StoreConfiguration {
  /// The store of a file that names none.
  init(besides root: ConfigurationValue) {
    self.init(sqlite: Located(root.resolved(Self.defaultName), at: root.position))
  }

  init(reading value: ConfigurationValue) {
    self.init(besides: value)
    let section = value.section(keys: ["sqlite", "postgres"])
    if let postgres = section["postgres"] {
      postgres.problem("PostgreSQL is not supported yet by this version: write `store: { sqlite: flashgate.db }`")
    }
    if let file = section["sqlite"]?.ownFile(like: Self.defaultName) { sqlite = file }
  }
}
