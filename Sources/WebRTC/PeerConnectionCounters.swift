/// What a connection has counted since it began. The owner reads and sums them.
public struct PeerConnectionCounters: Hashable, Sendable {
  /// Nothing counted yet.
  public init() {}

  /// RTP packets put into the arena, those sent again included.
  public internal(set) var packetsSent: UInt64 = 0
  /// Their bytes, protection included, UDP and IP not.
  public internal(set) var bytesSent: UInt64 = 0
  /// RTP packets sent once more for a NACK.
  public internal(set) var packetsResent: UInt64 = 0
  /// Packets of sound sent once more unasked, on a line that loses packets.
  public internal(set) var soundRepeated: UInt64 = 0
  /// Packets a NACK asked for that were not at hand any more.
  public internal(set) var packetsNotHeld: UInt64 = 0
  /// Packets a NACK asked for beyond what one receiver may ask.
  public internal(set) var resendsRefused: UInt64 = 0
  /// Packets that could not be protected or did not fit a slot of the arena.
  public internal(set) var packetsFailed: UInt64 = 0
  /// RTCP compounds sent.
  public internal(set) var reportsSent: UInt64 = 0
  /// RTCP compounds received and authenticated.
  public internal(set) var reportsReceived: UInt64 = 0
  /// Authenticated RTCP whose content breaks its format.
  public internal(set) var reportsMalformed: UInt64 = 0
  /// Authenticated RTP packets received; there is no use for them yet.
  public internal(set) var packetsReceived: UInt64 = 0
  /// STUN checks answered with success.
  public internal(set) var checksAnswered: UInt64 = 0
  /// STUN requests answered with an error.
  public internal(set) var checksRefused: UInt64 = 0
  /// STUN datagrams passed over.
  public internal(set) var checksIgnored: UInt64 = 0
  /// DTLS datagrams from an address that no check came from.
  public internal(set) var handshakesUnvalidated: UInt64 = 0
  /// Datagrams of no known kind.
  public internal(set) var unknownDatagrams: UInt64 = 0
  /// Events lost because the owner did not fetch them.
  public internal(set) var eventsDropped: UInt64 = 0

  private var auth: UInt64 = 0
  private var replay: UInt64 = 0
  private var malformed: UInt64 = 0
  private var unknownSSRC: UInt64 = 0
  private var beforeKeys: UInt64 = 0

  /// SRTP and SRTCP packets refused, by reason.
  public internal(set) subscript(rejection: SRTPRejection) -> UInt64 {
    get {
      switch rejection {
      case .auth: self.auth
      case .replay: self.replay
      case .malformed: self.malformed
      case .unknownSSRC: self.unknownSSRC
      case .beforeKeys: self.beforeKeys
      }
    }
    set {
      switch rejection {
      case .auth: self.auth = newValue
      case .replay: self.replay = newValue
      case .malformed: self.malformed = newValue
      case .unknownSSRC: self.unknownSSRC = newValue
      case .beforeKeys: self.beforeKeys = newValue
      }
    }
  }
}
