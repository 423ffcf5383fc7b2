import NIOCore
import Synchronization

/// Serves web sockets: one call for each socket.
public protocol WebSocketService: Sendable {
  /// Serves a socket from its opening to its end. When this returns, the socket is closed with 1000 unless it was
  /// closed before. It should return soon after ``WebSocketConnection/messages`` has ended.
  func serve(_ socket: WebSocketConnection) async
}

/// Why a message was not taken for sending.
public enum WebSocketSendError: Error, Hashable {
  /// The socket is closing or closed.
  case closed
  /// The peer takes messages too slowly: the socket closes with 1013.
  case tooSlow
}

/// One web socket, as its service sees it. May be used from any thread.
public final class WebSocketConnection: Sendable {
  private enum Outbound {
    case open(waiting: [String], bytes: Int, wakes: Bool)
    /// No message is taken any more; what waits is still sent, then the close frame.
    case closing(waiting: [String], WebSocketClosure)
    case closed(WebSocketClosure)
  }

  /// What the handler sends next.
  struct Due {
    var messages: [String]
    var closure: WebSocketClosure?
  }

  /// The client's text messages. To be iterated once; ends with the socket.
  public let messages: WebSocketMessages

  private let channel: any Channel
  private let limits: WebSocketLimits
  private let outbound = Mutex(Outbound.open(waiting: [], bytes: 0, wakes: false))

  init(channel: any Channel, limits: WebSocketLimits, messages: WebSocketMessages) {
    self.channel = channel
    self.limits = limits
    self.messages = messages
  }

  /// How the socket ended; nil while it is open.
  public var closure: WebSocketClosure? {
    outbound.withLock { outbound in
      switch outbound {
      case .open: nil
      case .closing(_, let closure), .closed(let closure): closure
      }
    }
  }

  /// Puts a text message into the bounded queue and returns at once.
  ///
  /// A queue that would grow above its bound closes the socket with 1013: a peer that does not read gets no more.
  public func send(_ text: String) throws(WebSocketSendError) {
    let size = text.utf8.count + Self.frameOverhead
    enum Outcome { case queued, wake, overflow, closed }
    let outcome = outbound.withLock { outbound -> Outcome in
      guard case .open(var waiting, let bytes, let wakes) = outbound else { return .closed }
      guard bytes + size <= limits.outboundBytes else {
        let closure = WebSocketClosure(code: .tryAgainLater, reason: "the client reads too slowly", isByPeer: false)
        outbound = .closing(waiting: [], closure)
        return .overflow
      }
      // One reference while it grows.
      outbound = .open(waiting: [], bytes: 0, wakes: true)
      waiting.append(text)
      outbound = .open(waiting: waiting, bytes: bytes + size, wakes: true)
      return wakes ? .queued : .wake
    }
    switch outcome {
    case .queued: break
    case .wake: wake()
    case .overflow:
      wake()
      throw .tooSlow
    case .closed: throw .closed
    }
  }

  /// Closes the socket after the messages in the queue: sends a close frame, and ends the connection when the peer has
  /// answered it or the close time-out has passed. Does nothing when the socket is closing already.
  ///
  /// - Parameter reason: at most 123 bytes of UTF-8; more is cut at a character.
  public func close(_ code: WebSocketCloseCode = .normal, reason: String = "") {
    let begins = outbound.withLock { outbound in
      guard case .open(let waiting, _, _) = outbound else { return false }
      outbound = .closing(waiting: waiting, WebSocketClosure(code: code, reason: reason, isByPeer: false))
      return true
    }
    if begins { wake() }
  }

  private func wake() {
    channel.pipeline.triggerUserOutboundEvent(WebSocketHandler.Wake(), promise: nil)
  }

  // MARK: The handler's side

  /// Takes what is to be sent now.
  func takeDue() -> Due {
    outbound.withLock { outbound in
      switch outbound {
      case .open(let waiting, let bytes, _):
        outbound = .open(waiting: [], bytes: bytes, wakes: false)
        return Due(messages: waiting, closure: nil)
      case .closing(let waiting, let closure):
        outbound = .closed(closure)
        return Due(messages: waiting, closure: closure)
      case .closed:
        return Due(messages: [], closure: nil)
      }
    }
  }

  /// A message left this process.
  func sent(_ text: String) {
    let size = text.utf8.count + Self.frameOverhead
    outbound.withLock { outbound in
      guard case .open(let waiting, let bytes, let wakes) = outbound else { return }
      outbound = .open(waiting: waiting, bytes: bytes - size, wakes: wakes)
    }
  }

  /// The socket ended by the peer's doing or by a fault; the first closure stays.
  func closed(_ closure: WebSocketClosure) {
    outbound.withLock { outbound in
      switch outbound {
      case .open: outbound = .closed(closure)
      case .closing(_, let earlier): outbound = .closed(earlier)
      case .closed: break
      }
    }
  }

  /// The longest header of a server's frame (RFC 6455, section 5.2).
  private static let frameOverhead = 10
}

/// The text messages of a web socket, in order. Reading pauses while the service is behind.
public struct WebSocketMessages: AsyncSequence, Sendable {
  typealias Producer = NIOAsyncSequenceProducer<
    String, NIOAsyncSequenceProducerBackPressureStrategies.HighLowWatermark, WebSocketDemand
  >

  /// Takes one message after the other.
  public struct AsyncIterator: AsyncIteratorProtocol {
    var base: Producer.AsyncIterator

    /// The next message; nil when the socket has ended.
    public mutating func next() async -> String? { await base.next() }
  }

  let base: Producer

  /// Must be called once only.
  public func makeAsyncIterator() -> AsyncIterator {
    AsyncIterator(base: base.makeAsyncIterator())
  }
}

/// Tells the handler that the service takes messages again.
final class WebSocketDemand: NIOAsyncSequenceProducerDelegate {
  private let channel: any Channel

  init(channel: any Channel) {
    self.channel = channel
  }

  func produceMore() {
    channel.pipeline.triggerUserOutboundEvent(WebSocketHandler.Demand(), promise: nil)
  }

  /// The service stopped listening: what still comes is dropped, and reading goes on for the close handshake.
  func didTerminate() {
    channel.pipeline.triggerUserOutboundEvent(WebSocketHandler.Demand(), promise: nil)
  }
}
