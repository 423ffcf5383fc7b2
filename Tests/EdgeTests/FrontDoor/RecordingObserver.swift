import NIOCore
import Synchronization

@testable import Edge

/// Keeps what it was told, and lets a test wait for it.
final class RecordingObserver: ConnectionObserver {
  enum Event: Hashable, Sendable {
    case accepted
    case served(DoorProtocol)
    case refused(FirstBytes?, ConnectionReason)
    case closed(DoorProtocol, ConnectionReason)
    case acceptFailed(Int32)
  }

  /// The events in their order, as they come.
  let events: AsyncStream<Event>
  private let continuation: AsyncStream<Event>.Continuation
  private let kept = Mutex<[Event]>([])

  init() {
    (events, continuation) = AsyncStream.makeStream()
  }

  var soFar: [Event] { kept.withLock { $0 } }

  func connectionAccepted(_ connection: ConnectionInfo) { keep(.accepted) }

  func connectionServed(_ connection: ConnectionInfo, protocol served: DoorProtocol) { keep(.served(served)) }

  func connectionRefused(_ connection: ConnectionInfo, recognised: FirstBytes?, reason: ConnectionReason) {
    keep(.refused(recognised, reason))
  }

  func connectionClosed(_ connection: ConnectionInfo, protocol served: DoorProtocol, reason: ConnectionReason) {
    keep(.closed(served, reason))
  }

  func acceptFailed(on listener: ListenerID, errnoCode: Int32) { keep(.acceptFailed(errnoCode)) }

  private func keep(_ event: Event) {
    kept.withLock { $0.append(event) }
    continuation.yield(event)
  }
}
