/// One message stream of a connection, as the server sees it.
///
///     idle -> publishAsked -> publishing -> idle
///     idle -> playAsked -> playing -> idle
struct NetStream: Sendable, Hashable {
  enum State: Sendable, Hashable {
    /// Created, and nothing asked of it.
    case idle
    case publishAsked(name: String)
    case publishing(name: String)
    case playAsked(name: String)
    case playing(name: String)
  }

  var state = State.idle
  /// Audio, video and data share it, so that they wrap together.
  var clock = TimestampUnwrapper()

  /// The name it is published under, or is about to be.
  var publishedName: String? {
    switch state {
    case .publishAsked(let name), .publishing(let name): name
    case .idle, .playAsked, .playing: nil
    }
  }
}
