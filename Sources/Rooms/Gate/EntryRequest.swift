/// What a participant comes to do.
public enum ParticipantRole: String, Sendable, Hashable, CaseIterable {
  /// Sends sound or pictures, and may receive.
  case speaker
  /// Only receives.
  case listener
}

/// Who wants into which room, as far as the protocol knows it by now. Except `session`, `door`, `listener`,
/// `address` and `certificateSubject`, all is the client's word.
public struct EntryRequest: Sendable {
  /// How far the client has come.
  public enum Step: Sendable, Hashable {
    /// It opens an RTMP connection: what it wants in the room, and its key, may come later with `publish` or `play`.
    case connect
    /// It comes into the room: all that there will be is there.
    case join
  }

  /// How far the client has come.
  public var step: Step
  /// The session's number in the gateway.
  public var session: UInt64
  /// The protocol: `rtmp`, `rtmps`, `webrtc`, `whep`, ...
  public var door: String
  /// The listener by which it came.
  public var listener: String
  /// The client's address without its port.
  public var address: String
  /// The room's name; nil at a `connect` whose application names none.
  public var room: String?
  /// The name under which it will speak; nil for listeners without one, and at `connect`.
  public var name: String?
  /// Nil at `connect`.
  public var role: ParticipantRole?
  /// The access keys it showed, those first that count first.
  public var keys: [PresentedKey]
  /// The page that holds an RTMP player, as the client states it; of a browser its `Origin`.
  public var pageURL: String?
  /// The SWF that connects, as the client states it.
  public var swfURL: String?
  /// The subject of the certificate that the client showed in TLS and that a listener's authority vouches for; nil
  /// without one.
  public var certificateSubject: String?
  /// The player or encoder, as an RTMP client states it (`flashVer`).
  public var player: String?
  /// The version of TLS between the client and us, `1.2`; nil without TLS of ours.
  public var tls: String?

  /// A request with what every protocol knows.
  public init(
    step: Step = .join, session: UInt64, door: String, listener: String, address: String, room: String?,
    name: String? = nil, role: ParticipantRole? = nil, keys: [PresentedKey] = [], pageURL: String? = nil,
    swfURL: String? = nil, certificateSubject: String? = nil, player: String? = nil, tls: String? = nil
  ) {
    self.step = step
    self.session = session
    self.door = door
    self.listener = listener
    self.address = address
    self.room = room
    self.name = name
    self.role = role
    self.keys = keys
    self.pageURL = pageURL
    self.swfURL = swfURL
    self.certificateSubject = certificateSubject
    self.player = player
    self.tls = tls
  }
}

/// An access key as a client showed it; nothing of it is ever printed.
public struct PresentedKey: Sendable, CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
  /// Where the key stood.
  public enum Place: Sendable, Hashable {
    /// In a place that is for keys alone.
    case named
    /// In an argument of `connect`, which may just as well be something else.
    case argument
  }

  /// Where it stood.
  public let place: Place
  private let text: String

  /// A key that somebody showed.
  public init(_ text: String, place: Place = .named) {
    self.text = text
    self.place = place
  }

  /// The key itself, for the one who compares it.
  public func reveal() -> String { text }

  /// A stand-in.
  public var description: String { "(key)" }
  /// A stand-in.
  public var debugDescription: String { description }
  /// Nothing of it.
  public var customMirror: Mirror { Mirror(self, children: []) }
}
