/// Why a request was refused or a tunnel session ended: the rule that was broken and the numbers seen.
public enum TunnelError: Error, Sendable, Equatable {
  /// A request whose number is neither the next one nor that of the last answer.
  case wrongNumber(UInt32, expected: UInt32)
  /// The session is over.
  case ended
  /// The client polls more slowly than there is something to say.
  case queueFull(bytes: Int, limit: Int)
  /// The client sent no request for so long.
  case silent(seconds: Int64)
}

extension TunnelError: CustomStringConvertible {
  /// One line, without anything that a client chose but numbers.
  public var description: String {
    switch self {
    case .wrongNumber(let number, let expected): "request \(number) came when \(expected) was expected"
    case .ended: "the session is over"
    case .queueFull(let bytes, let limit): "\(bytes) bytes wait for the client, \(limit) may"
    case .silent(let seconds): "no request for \(seconds) s"
    }
  }
}
