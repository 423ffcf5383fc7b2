/// A status code of a close frame (RFC 6455, section 7.4).
public struct WebSocketCloseCode: RawRepresentable, Sendable, Hashable {
  /// The number on the wire.
  public let rawValue: UInt16

  /// Names a code by its number.
  public init(rawValue: UInt16) {
    self.rawValue = rawValue
  }

  /// The purpose is fulfilled.
  public static let normal = WebSocketCloseCode(rawValue: 1000)
  /// This end goes away: the server stops or the page is left.
  public static let goingAway = WebSocketCloseCode(rawValue: 1001)
  /// The peer broke the protocol.
  public static let protocolError = WebSocketCloseCode(rawValue: 1002)
  /// A kind of message that is not taken here.
  public static let unacceptableData = WebSocketCloseCode(rawValue: 1003)
  /// A text message that is not UTF-8.
  public static let invalidData = WebSocketCloseCode(rawValue: 1007)
  /// The peer broke a rule of the application.
  public static let policyViolation = WebSocketCloseCode(rawValue: 1008)
  /// A message above the limit.
  public static let messageTooBig = WebSocketCloseCode(rawValue: 1009)
  /// Something here failed.
  public static let internalError = WebSocketCloseCode(rawValue: 1011)
  /// Too much to do now: come again later.
  public static let tryAgainLater = WebSocketCloseCode(rawValue: 1013)
  /// Never on the wire: the peer sent a close frame without a code.
  public static let noStatus = WebSocketCloseCode(rawValue: 1005)
  /// Never on the wire: the connection ended without a close frame.
  public static let abnormal = WebSocketCloseCode(rawValue: 1006)

  /// Whether an endpoint may send the code (section 7.4.1 and the registry; 3000 to 4999 belong to libraries and
  /// applications).
  var isAllowedOnTheWire: Bool {
    switch rawValue {
    case 1000...1003, 1007...1014, 3000...4999: true
    default: false
    }
  }
}

/// How a web socket ended.
public struct WebSocketClosure: Sendable, Hashable {
  /// The code sent, or received when the peer began; ``WebSocketCloseCode/abnormal`` when the connection just ended.
  public var code: WebSocketCloseCode
  /// The text beside it.
  public var reason: String
  /// Whether the peer began.
  public var isByPeer: Bool
}
