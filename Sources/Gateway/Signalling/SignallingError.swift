import Rooms

/// What goes wrong between a browser and its room.
enum SignallingError: Error, Equatable {
  /// The text is not a message of the protocol.
  case malformed(String)
  /// A message other than `join` came first, or a second `join`.
  case outOfOrder(String)
  /// The client speaks a version that is not known here.
  case unsupportedVersion(Int)

  var code: String {
    switch self {
    case .malformed: "malformed"
    case .outOfOrder: "out-of-order"
    case .unsupportedVersion: "unsupported-version"
    }
  }

  var message: String {
    switch self {
    case .malformed(let why): why
    case .outOfOrder(let why): why
    case .unsupportedVersion(let version): "version \(version) of the signalling is not known here"
    }
  }
}

/// There are as many sessions that came by requests as there may be, in total or of one address.
struct TooManySessions: Error, CustomStringConvertible {
  let description = "too many sessions come from this address"
  /// Seconds.
  let retryAfter = 10

  /// What a browser is told.
  var message: ServerMessage { .error(code: "too-many-sessions", message: description, retryAfter: retryAfter) }
}

extension Denial {
  /// What a denial is called in the signalling (docs/signalling.md).
  var signallingCode: String {
    switch kind {
    case .keyRequired: "key-required"
    case .notAllowed: "key-refused"
    case .addressDenied, .pageDenied, .encryptionRequired: "denied"
    case .tooManyAttempts: "too-many-attempts"
    case .unavailable: "unavailable"
    }
  }
}

extension RoomError {
  /// What a refused join is called in the signalling (docs/signalling.md).
  var signallingCode: String {
    switch self {
    // A name that cannot name a room names none.
    case .noSuchRoom, .badRoomName: "unknown-room"
    case .badParticipantName: "denied"
    case .roomFull: "room-full"
    case .noSuchParticipant: "unknown-participant"
    case .draining: "draining"
    }
  }

  /// Seconds after which it is of use to try again; nil: as the browser likes, or never.
  var retryAfter: Int? {
    switch self {
    case .roomFull: 10
    case .draining: SignallingSession.shutdownRetry
    case .noSuchRoom, .badRoomName, .badParticipantName, .noSuchParticipant: nil
    }
  }
}
