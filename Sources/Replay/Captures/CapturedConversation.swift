import NIOCore

/// Both directions of a connection, in order: of TCP as it was captured, of TLS once it is decrypted, or of a tunnel once
/// its requests are put together.
struct CapturedConversation {
  /// What was said by whoever spoke first.
  var first: TCPStream
  /// What the other one said.
  var second: TCPStream
  /// The end that spoke first.
  var firstEnd: CapturedEndpoint?
  var secondEnd: CapturedEndpoint?
  /// The number of the first packet of all, and where it stands in the file.
  var packet: Int
  var offset: Int
  /// False when bytes came in without the SYN before them.
  var beginsWhole = true
  var transport = RecordedSession.Transport.rtmp
  /// Where it can be read again; nil for one that was not captured as it stands here.
  var origin: Origin?

  /// Where a connection begins in its capture, and the direction of whoever spoke first.
  struct Origin {
    let reader: CaptureReader
    let flow: TCPSegment.Flow
  }

  /// What a conversation speaks, by its first bytes.
  enum Speech: Equatable {
    /// Nobody said anything.
    case silence
    case rtmp
    /// RTMPE: the version byte says encryption.
    case encryptedRTMP
    case tls
    case http
    /// A Flash Player's question for a socket policy.
    case policyRequest
    case other
  }

  var speech: Speech {
    let beginning = first.beginning(Self.telling)
    guard let byte: UInt8 = beginning.getInteger(at: beginning.readerIndex) else { return .silence }
    switch byte {
    case 3: return answerBegins(with: [3]) ? .rtmp : .other
    // Versions that RTMPE has (6, 8) and a later one that no server answers with itself.
    case 6, 8, 9:
      return first.byteCount >= RecordedSession.shortest / 2 && answerBegins(with: [6, 8, 9]) ? .encryptedRTMP : .other
    case 0x16:
      return beginning.getInteger(at: beginning.readerIndex + 1, as: UInt8.self) == 3 ? .tls : .other
    default:
      let text = String(decoding: beginning.readableBytesView, as: UTF8.self)
      if text.hasPrefix("<policy-file-") { return .policyRequest }
      return Self.methods.contains { text.hasPrefix($0) } ? .http : .other
    }
  }

  /// Also when there is no answer, or not its begin, for it may not have been captured.
  private func answerBegins(with versions: [UInt8]) -> Bool {
    guard second.initial != nil else { return true }
    let answer = second.beginning(1)
    return answer.getInteger(at: answer.readerIndex, as: UInt8.self).map(versions.contains) ?? true
  }

  private static let telling = 13
  static let methods = ["GET ", "POST ", "HEAD ", "PUT ", "OPTIONS ", "DELETE ", "CONNECT "]
}
