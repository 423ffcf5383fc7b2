/// A session description (RFC 8866) as WebRTC uses it (RFC 8829): what both sides say of the session and of each
/// media section. Lines that mean nothing here (times, bandwidth, keys) are read and left out.
public struct SessionDescription: Hashable, Sendable {
  /// The `o=` line (RFC 8866 section 5.2).
  public struct Origin: Hashable, Sendable {
    /// `-` where there is no name.
    public var username: String
    /// Decimal digits.
    public var sessionID: String
    /// Grows by one with each changed description.
    public var version: UInt64

    /// An origin; see the properties.
    public init(username: String = "-", sessionID: String, version: UInt64) {
      self.username = username
      self.sessionID = sessionID
      self.version = version
    }
  }

  /// Which session this is, and which version of it.
  public var origin: Origin
  /// Attributes of the whole session.
  public var attributes: [SDPAttribute]
  /// In order; the position never changes from one description of a session to the next.
  public var sections: [MediaSection]

  /// A description; see the properties.
  public init(origin: Origin, attributes: [SDPAttribute] = [], sections: [MediaSection] = []) {
    self.origin = origin
    self.attributes = attributes
    self.sections = sections
  }

  /// Reads a description; see `SDPReader` for the limits.
  public init(parsing text: some StringProtocol) throws(WebRTCError) {
    var reader = SDPReader()
    self = try reader.read(text)
  }

  /// The description as text, lines ended by CR LF.
  public var text: String { SDPWriter.text(of: self) }
}

/// What a section carries (RFC 8866 section 5.14).
public enum MediaKind: Hashable, Sendable {
  case audio
  case video
  /// Data channels.
  case application
  case other(String)

  init(_ word: Substring) {
    switch word {
    case "audio": self = .audio
    case "video": self = .video
    case "application": self = .application
    default: self = .other(String(word))
    }
  }

  var word: String {
    switch self {
    case .audio: "audio"
    case .video: "video"
    case .application: "application"
    case .other(let word): word
    }
  }
}

/// One `m=` line with its attributes.
public struct MediaSection: Hashable, Sendable {
  /// Sound, picture, or data.
  public var kind: MediaKind
  /// 0 refuses or closes the section, unless it is `bundle-only`.
  public var port: UInt16
  /// `UDP/TLS/RTP/SAVPF` for media.
  public var transport: String
  /// Payload types, as words.
  public var formats: [String]
  /// The `c=` line's value, if the section has one.
  public var connection: String?
  /// In the order of their lines.
  public var attributes: [SDPAttribute]

  /// A section; see the properties.
  public init(
    kind: MediaKind, port: UInt16, transport: String, formats: [String], connection: String? = nil,
    attributes: [SDPAttribute] = []
  ) {
    self.kind = kind
    self.port = port
    self.transport = transport
    self.formats = formats
    self.connection = connection
    self.attributes = attributes
  }
}

extension MediaSection {
  /// The identification tag, `a=mid` (RFC 9143 section 4); nil when there is none.
  public var mid: String? {
    for case .mid(let mid) in self.attributes { return mid }
    return nil
  }

  /// `sendrecv` if nothing is said (RFC 8866 section 6.7).
  var direction: MediaDirection {
    for case .direction(let direction) in self.attributes { return direction }
    return .sendrecv
  }

  /// Closed, or refused; a bundled section without a port of its own is neither (RFC 8843 section 6).
  var isRejected: Bool { self.port == 0 && !self.attributes.contains(.bundleOnly) }

  /// The parameters a section gives for a payload type, joined if there are several lines.
  func parameters(of payloadType: UInt8) -> FormatParameters? {
    for case .fmtp(payloadType, let text) in self.attributes { return FormatParameters(text) }
    return nil
  }
}
