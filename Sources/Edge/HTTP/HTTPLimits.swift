import NIOCore

/// Bounds of the HTTP stack, in bytes, counts and time.
public struct HTTPLimits: Sendable {
  /// Names and values of one head's fields together; beyond: 431.
  public var headBytes = 16 * 1024
  /// Fields of one head; beyond: 431.
  public var fields = 100
  /// The request target; beyond: 414.
  public var targetBytes = 8 * 1024
  /// The request body; beyond: 413.
  public var bodyBytes = 64 * 1024
  /// The body of a tunnel's request; beyond: 413. ffmpeg collects a fifth of a second of its stream.
  public var tunnelBodyBytes = 1024 * 1024
  /// Requests that may wait behind the one being answered; beyond, the connection ends after the last of them.
  public var pipelinedRequests = 32
  /// From a request's first byte to the end of its head; beyond: 408.
  public var headTimeout = TimeAmount.seconds(10)
  /// From the end of the head to the end of the body; beyond: 408.
  public var bodyTimeout = TimeAmount.seconds(30)
  /// How long a responder may take; beyond: 503.
  public var responseTimeout = TimeAmount.seconds(30)
  /// How long a client may take to receive an answer; beyond, the connection is closed.
  public var writeTimeout = TimeAmount.seconds(30)
  /// How long a connection may stand unused between requests.
  public var idleTimeout = TimeAmount.seconds(60)
  /// How long what a client still sends is thrown away after an error was answered, so that it can read the answer.
  public var lingerTimeout = TimeAmount.seconds(2)

  /// The stated defaults.
  public init() {}
}
