import NIOCore

/// Where a connection stands.
extension HTTPConnectionHandler {
  /// Each but the last has its time-out.
  enum Phase {
    /// For the first byte of a request.
    case waiting
    case readingHead
    case readingBody
    /// The responder is at work, in a task unless it is a tunnel's session; the number tells a late answer from the awaited one.
    case responding(HTTPRequestReader.Received, Task<Void, Never>?, number: Int)
    /// The answer is on its way to the client.
    case writing(AfterWriting)
    /// The last answer was sent; what still comes is thrown away until the client closes.
    case lingering
    /// Closed, or handed to the web-socket handlers.
    case ended
  }

  /// What follows an answer.
  enum AfterWriting {
    case nextRequest
    case close
    case linger
  }

  /// What is to be answered, in the order in which it came.
  enum Exchange {
    case request(HTTPRequestReader.Received)
    case failure(ProblemDocument)
  }
}
