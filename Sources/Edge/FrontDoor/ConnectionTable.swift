import NIOCore
import Synchronization

/// The open connections of one listener, so that all can be drained or closed. Shared by the event loops.
final class ConnectionTable: Sendable {
  private struct Contents {
    var accepting = true
    var open: [UInt64: Entry] = [:]
  }

  struct Entry: Sendable {
    let channel: any Channel
    let connection: NIOLoopBound<DoorConnection>
  }

  private let contents = Mutex(Contents())

  var isAccepting: Bool { contents.withLock { $0.accepting } }

  var count: Int { contents.withLock { $0.open.count } }

  /// Adds a connection until it closes; false when the listener no longer accepts. On the connection's event loop.
  func add(_ connection: DoorConnection, channel: any Channel) -> Bool {
    let id = connection.info.id
    let entry = Entry(channel: channel, connection: NIOLoopBound(connection, eventLoop: channel.eventLoop))
    let added = contents.withLock { contents in
      guard contents.accepting else { return false }
      contents.open[id] = entry
      return true
    }
    if added {
      channel.closeFuture.whenComplete { _ in
        _ = self.contents.withLock { $0.open.removeValue(forKey: id) }
      }
    }
    return added
  }

  /// Lets nobody in from now on, and returns who is here.
  func close() -> [Entry] {
    contents.withLock { contents in
      contents.accepting = false
      return Array(contents.open.values)
    }
  }
}
