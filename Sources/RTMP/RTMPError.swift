import AMF

/// Why a session ended: the rule that was broken and the numbers seen. "Spec" is Adobe's RTMP specification 1.0.
public enum RTMPError: Error, Sendable, Equatable {
  // Handshake (spec 5.2)
  /// C0 or S0 is 6, 8 or 9: the encrypted variants, which are not served here.
  case encryptedHandshake(version: UInt8)
  /// RTMPE without a valid digest in C1 or S1, or with a wrong signature in S2: there is no public key to be found.
  case unsignedEncryptedHandshake
  /// RTMPE with a public key outside 2...p-2, or one that agrees on nothing but a secret of small order.
  case badPublicKey
  /// OpenSSL's legacy provider, which has RTMPE's cipher, is not installed.
  case cipherUnavailable
  /// The first byte is no RTMP version: HTTP, TLS or noise on this port.
  case notRTMP(firstByte: UInt8)
  /// Handshake and `connect` took longer than allowed.
  case handshakeTimedOut(seconds: Int64)
  /// The peer sent nothing for too long, not even an answer to a ping.
  case idleTimedOut(seconds: Int64)

  // Chunk streams (spec 5.3)
  /// A header of type 2 or 3 on a chunk stream that has no earlier header to take its fields from (5.3.1.2).
  case headerWithoutPredecessor(chunkStream: Int, format: UInt8)
  /// A header in mid-message states another length or type than the one before (5.3.1.2).
  case headerRestated(chunkStream: Int, length: Int, restatedLength: Int)
  /// A message is longer than the limit.
  case messageTooLong(length: Int, limit: Int)
  /// Incomplete messages together are larger than the limit.
  case partialMessagesTooLarge(bytes: Int, limit: Int)
  /// More chunk streams than the limit.
  case tooManyChunkStreams(limit: Int)
  /// Set Chunk Size (5.4.1) outside 1...limit.
  case chunkSizeOutOfRange(size: UInt32, limit: Int)
  /// Chunks below 128 bytes used up their budget.
  case smallChunkBudgetSpent(chunkSize: Int, budget: Int)

  // Messages (spec 5.4, 6.2, 7)
  /// A message of this type has a body that is too short or too long for its layout.
  case malformedMessage(type: UInt8, length: Int)
  /// A part of an aggregate message (7.1.6) reaches past its end.
  case malformedAggregate(partLength: Int, remaining: Int)
  /// A command's name, transaction or arguments are not AMF.
  case malformedCommand(AMFError)
  /// A command has no name or no transaction number first (7.1.1).
  case commandWithoutName

  // Sessions
  /// One read brought more messages than the limit.
  case tooManyEvents(limit: Int)
  /// The peer sent more bytes than the limit without waiting for the answer to `connect`, `publish` or `play`.
  case tooManyHeldBytes(bytes: Int, limit: Int)
  /// The peer asked for more answers than it may before they were sent.
  case outputTooLarge(bytes: Int, limit: Int)
  /// `connect` cannot be given another address: other messages are under way around it, or it has no object.
  case unforwardableConnect
  /// We built a value that AMF cannot carry.
  case unencodable(AMFError)
}

extension RTMPError {
  /// A short, stable word for counters.
  public var reason: String {
    switch self {
    case .encryptedHandshake: "encrypted_handshake"
    case .unsignedEncryptedHandshake: "unsigned_encrypted_handshake"
    case .badPublicKey: "bad_public_key"
    case .cipherUnavailable: "cipher_unavailable"
    case .notRTMP: "not_rtmp"
    case .handshakeTimedOut: "handshake_timeout"
    case .idleTimedOut: "idle_timeout"
    case .headerWithoutPredecessor, .headerRestated: "chunk_header"
    case .messageTooLong, .partialMessagesTooLarge: "message_size"
    case .tooManyChunkStreams: "chunk_streams"
    case .chunkSizeOutOfRange, .smallChunkBudgetSpent: "chunk_size"
    case .malformedMessage, .malformedAggregate: "malformed_message"
    case .malformedCommand, .commandWithoutName, .unforwardableConnect: "malformed_command"
    case .tooManyEvents, .tooManyHeldBytes, .outputTooLarge: "flood"
    case .unencodable: "internal"
    }
  }
}

extension RTMPError: CustomStringConvertible {
  /// One line for a log.
  public var description: String {
    switch self {
    case .encryptedHandshake(let version):
      "handshake version \(version) asks for RTMPE, which is not served (spec 5.2.2)"
    case .unsignedEncryptedHandshake:
      "RTMPE handshake without a valid digest"
    case .badPublicKey:
      "RTMPE handshake with a public key that is none (RFC 2631, section 2.1.5)"
    case .cipherUnavailable:
      "RTMPE needs OpenSSL's legacy provider, which is not installed"
    case .notRTMP(let byte):
      "first byte \(byte) is no RTMP handshake: version 3 expected (spec 5.2.2)"
    case .handshakeTimedOut(let seconds):
      "no handshake and connect within \(seconds) s"
    case .idleTimedOut(let seconds):
      "no byte from the peer for \(seconds) s"
    case .headerWithoutPredecessor(let stream, let format):
      "chunk stream \(stream) starts with a type \(format) header (spec 5.3.1.2)"
    case .headerRestated(let stream, let length, let restated):
      "chunk stream \(stream) restates a message of \(length) bytes in its middle as one of \(restated) (spec 5.3.1.2)"
    case .messageTooLong(let length, let limit):
      "message of \(length) bytes, at most \(limit) allowed"
    case .partialMessagesTooLarge(let bytes, let limit):
      "incomplete messages of \(bytes) bytes together, at most \(limit) allowed"
    case .tooManyChunkStreams(let limit):
      "more than \(limit) chunk streams"
    case .chunkSizeOutOfRange(let size, let limit):
      "chunk size \(size) is outside 1...\(limit) (spec 5.4.1)"
    case .smallChunkBudgetSpent(let size, let budget):
      "more than \(budget) chunks of fewer than 128 bytes (chunk size \(size))"
    case .malformedMessage(let type, let length):
      "message of type \(type) cannot have \(length) bytes (spec 5.4, 7.1)"
    case .malformedAggregate(let part, let remaining):
      "part of \(part) bytes in an aggregate with \(remaining) left (spec 7.1.6)"
    case .malformedCommand(let error):
      "command is not AMF: \(error)"
    case .commandWithoutName:
      "command without name and transaction number (spec 7.1.1)"
    case .tooManyEvents(let limit):
      "more than \(limit) messages in one read"
    case .tooManyHeldBytes(let bytes, let limit):
      "\(bytes) bytes sent without waiting for an answer, at most \(limit) allowed"
    case .outputTooLarge(let bytes, let limit):
      "\(bytes) bytes of answers unsent, at most \(limit) allowed"
    case .unforwardableConnect:
      "connect has no object, or comes with other messages in between, and cannot be given another address"
    case .unencodable(let error):
      "own value is not encodable: \(error)"
    }
  }
}
