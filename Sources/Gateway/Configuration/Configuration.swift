/// Everything an operator may decide, read from one YAML file and checked whole.
///
/// A value of this type holds no contradiction: whoever has one may start a gateway from it. What only the machine can
/// refuse (a port in use, a key that does not fit its certificate) is told with the `position` of the value to blame.
public struct Configuration: Sendable, Equatable {
  /// Where clients come in; at least one.
  public var listeners: [ListenerConfiguration]
  /// The one port for all media and what browsers are told about it.
  public var webRTC: WebRTCConfiguration
  /// Who may come in.
  public var access: AccessConfiguration
  /// Rooms by name; at least one.
  public var rooms: [String: RoomConfiguration]
  /// Where keys are kept.
  public var store: StoreConfiguration
  /// The record of decisions; nil: none is kept.
  public var audit: AuditConfiguration?
  /// Health, readiness and metrics; always on a loopback address.
  public var admin: AdminConfiguration
  /// What is logged, and how.
  public var log: LogConfiguration
  /// What one address and all together may take.
  public var limits: LimitsConfiguration
  /// How long sessions may go on after SIGTERM. Default 30 s.
  public var drainTimeout: Duration

  init(
    listeners: [ListenerConfiguration], webRTC: WebRTCConfiguration = .init(), access: AccessConfiguration = .init(),
    rooms: [String: RoomConfiguration], store: StoreConfiguration = .init(), audit: AuditConfiguration? = nil,
    admin: AdminConfiguration = .init(), log: LogConfiguration = .init(), limits: LimitsConfiguration = .init(),
    drainTimeout: Duration = .seconds(30)
  ) {
    self.listeners = listeners
    self.webRTC = webRTC
    self.access = access
    self.rooms = rooms
    self.store = store
    self.audit = audit
    self.admin = admin
    self.log = log
    self.limits = limits
    self.drainTimeout = drainTimeout
  }
}

extension Configuration {
  /// Reads and checks a configuration file.
  /// - Parameters:
  ///   - path: the file; paths in it are relative to its folder.
  ///   - environment: where `env:NAME` secrets are looked up.
  ///   - checksCertificates: whether certificates and keys must be there and good; false where only rules of access are
  ///     read anew.
  /// - Throws: all that is wrong, each with line and column.
  public static func load(
    path: String, environment: [String: String], checksCertificates: Bool = true
  ) throws(ConfigurationError) -> Configuration {
    let contents: String
    switch BoundedFile.read(path, limit: ConfigurationDocument.maximumSize) {
    case .success(let bytes):
      guard let text = String(validating: bytes, as: UTF8.self) else {
        throw ConfigurationError(at: SourcePosition(file: path), "not UTF-8: save the file as UTF-8 text")
      }
      contents = text
    case .failure(let reason):
      throw ConfigurationError(
        at: SourcePosition(file: path), "cannot read the configuration: \(reason): name an existing file by --config")
    }
    return try parse(
      contents, file: path, environment: environment, now: LogTime.now().seconds,
      checksCertificates: checksCertificates)
  }

  /// Checks the text of a configuration file that is, or would be, at `file`.
  /// - Parameter now: in seconds since 1970-01-01 00:00 UTC, for the certificates.
  static func parse(
    _ text: String, file: String, environment: [String: String], now: Int64, checksCertificates: Bool = true
  ) throws(ConfigurationError) -> Configuration {
    let reader = ConfigurationReader(
      file: file, environment: environment, now: now, checksCertificates: checksCertificates)
    let root = try ConfigurationDocument.compose(text, reader: reader)
    let configuration = Configuration(reading: root)
    if !reader.problems.isEmpty { throw ConfigurationError(problems: reader.problems) }
    return configuration
  }

  /// Always yields a value, so that one pass finds all problems; only without problems is the value worth anything.
  private init(reading root: ConfigurationValue) {
    let section = root.section(
      keys: ["listeners", "webrtc", "access", "rooms", "store", "audit", "admin", "log", "limits", "drain_timeout"])
    self.init(
      listeners: ListenerConfiguration.readAll(from: section, at: root),
      webRTC: section["webrtc"].map(WebRTCConfiguration.init(reading:)) ?? .init(position: root.position),
      rooms: RoomConfiguration.readAll(from: section, at: root),
      store: section["store"].map(StoreConfiguration.init(reading:)) ?? .init(besides: root),
      audit: section["audit"].flatMap(AuditConfiguration.init(reading:)),
      admin: section["admin"].map(AdminConfiguration.init(reading:)) ?? .init(position: root.position),
      log: section["log"].map(LogConfiguration.init(reading:)) ?? .init(),
      limits: section["limits"].map(LimitsConfiguration.init(reading:)) ?? .init())
    access = AccessConfiguration(
      reading: section["access"], listeners: listeners, rooms: rooms, reader: root.reader)
    if let timeout = section["drain_timeout"]?.duration(in: .zero ... .seconds(3600)) { drainTimeout = timeout }
    ListenerConfiguration.checkOverlaps(listeners, admin: admin, reader: root.reader)
  }
}
