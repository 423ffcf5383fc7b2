/// What one address and all together may take.
public struct LimitsConfiguration: Sendable, Equatable {
  /// How long a connection may take to become a session. Default 10 s.
  public var handshakeTimeout: Duration
  /// Sessions at one time from one address. Default 64.
  public var sessionsPerAddress: Int
  /// Sessions at one time in all. Default 10 000.
  public var sessions: Int

  /// WHEP players at one time from one address: they take no connection, and all that a site watches comes from one.
  var playersPerAddress: Int { sessionsPerAddress * 16 }

  init(handshakeTimeout: Duration = .seconds(10), sessionsPerAddress: Int = 64, sessions: Int = 10_000) {
    self.handshakeTimeout = handshakeTimeout
    self.sessionsPerAddress = sessionsPerAddress
    self.sessions = sessions
  }
}

extension LimitsConfiguration {
  init(reading value: ConfigurationValue) {
    self.init()
    let section = value.section(keys: ["handshake_timeout", "sessions_per_address", "sessions"])
    if let timeout = section["handshake_timeout"]?.duration(in: .milliseconds(100) ... .seconds(300)) {
      handshakeTimeout = timeout
    }
    let numbers = 1...1_000_000
    if let number = section["sessions_per_address"]?.integer(in: numbers, what: "a number of sessions") {
      sessionsPerAddress = number
    }
    if let number = section["sessions"]?.integer(in: numbers, what: "a number of sessions") { sessions = number }
  }
}
