import NIOCore

/// What carries an RTMP session's bytes to its client: a socket, or a tunnel of HTTP requests.
///
/// Confined to ``eventLoop``. Bytes from the client, its end and faults are told to ``RTMPConnection``.
protocol RTMPTransport: AnyObject {
  /// Where the session lives.
  var eventLoop: any EventLoop { get }

  /// The client was let in: the time for its handshake no longer runs.
  func established()
  /// Why the session is about to end; the first reason stays.
  func note(_ reason: ConnectionReason)
  /// Whether what is written soon reaches the client; when it does again, ``RTMPConnection/writabilityChanged()`` is
  /// called.
  var isWritable: Bool { get }
  /// Whether to go on reading from the client: false leaves it waiting, where the transport can do that.
  func setReading(_ isReading: Bool)
  /// Queues bytes for the client.
  func write(_ bytes: ByteBuffer)
  /// Lets what was queued go.
  func flush()
  /// Ends the session decently, once the client has had the chance to get what was queued. Bytes that come after it are
  /// thrown away.
  func finish()
  /// Ends the session at once.
  func close(_ reason: ConnectionReason)
}

extension RTMPTransport {
  /// For those that never make anybody wait.
  var isWritable: Bool { true }

  /// For those that cannot make a client wait.
  func setReading(_ isReading: Bool) {}
}
