import NIOCore

/// Why an old server cannot serve a client.
enum ShadowFailure: Error, CustomStringConvertible {
  /// Its socket, or the TLS inside: in the system's words.
  case connection(String)
  /// It did not shake hands in time.
  case silent(TimeAmount)
  /// It shook hands in a way that is none.
  case handshake(String)

  var description: String {
    switch self {
    case .connection(let detail): detail
    case .silent(let time): "no handshake within \(time.nanoseconds / 1_000_000_000) s"
    case .handshake(let detail): detail
    }
  }
}
