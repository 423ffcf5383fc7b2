import NIOCore
import Synchronization
import WebRTC

/// A TCP connection that carries a peer's datagrams (RFC 6544), for those who send to it, on whatever event loop.
///
/// What waits in it is bounded. Media is kept back while ``isWritable`` is false, so that the queue has at most what the
/// high-water mark lets in; what must go out all the same (checks, handshakes, reports) may exceed it by as much again,
/// and then the connection is closed: its peer has not read for a long time.
final class MediaStream: Sendable {
  private let channel: any Channel
  /// Bytes written since the channel was last writable.
  private let excess = Atomic<Int>(0)

  /// Sound may still go out with this much of excess.
  private static let soundExcess = 64 << 10
  private static let maximumExcess = 256 << 10
  /// Two seconds of a picture of 1 Mb/s.
  static let waterMark = ChannelOptions.Types.WriteBufferWaterMark(low: 64 << 10, high: 256 << 10)

  init(_ channel: any Channel) { self.channel = channel }

  /// Whether pictures may go out.
  var isWritable: Bool { channel.isWritable }

  /// Whether sound may go out: longer than pictures.
  var takesSound: Bool { channel.isWritable || excess.load(ordering: .relaxed) < Self.soundExcess }

  /// Sends frames of datagrams; none is ever cut.
  func send(_ frames: ByteBuffer) {
    if channel.isWritable {
      excess.store(0, ordering: .relaxed)
    } else if excess.add(frames.readableBytes, ordering: .relaxed).newValue > Self.maximumExcess {
      return close()
    }
    channel.writeAndFlush(frames, promise: nil)
  }

  func close() { channel.close(promise: nil) }
}

/// The TCP connections that carry datagrams, by the addresses that stand for them. Shared by the event loops.
final class MediaStreams: Sendable {
  private let streams = Mutex<[RemoteAddress: MediaStream]>([:])
  private let count = Atomic<Int>(0)

  /// Cheap: asked for every batch.
  var isEmpty: Bool { count.load(ordering: .relaxed) == 0 }

  subscript(_ address: SocketAddress) -> MediaStream? {
    guard address.isStream, let key = RemoteAddress(address) else { return nil }
    return streams.withLock { $0[key] }
  }

  func add(_ stream: MediaStream, at key: RemoteAddress) {
    streams.withLock { streams in
      streams[key] = stream
      count.store(streams.count, ordering: .relaxed)
    }
  }

  func remove(_ stream: MediaStream, at key: RemoteAddress) {
    streams.withLock { streams in
      if streams[key] === stream { streams[key] = nil }
      count.store(streams.count, ordering: .relaxed)
    }
  }

  /// Closes the one at an address, if there is one.
  func close(at key: RemoteAddress) {
    streams.withLock { $0[key] }?.close()
  }

  /// Sends what an arena holds for TCP connections.
  func send(_ arena: DatagramArena) {
    for (index, destination) in arena.destinations.enumerated() {
      guard let stream = self[destination] else { continue }
      var frames = ByteBuffer()
      for entry in arena.entries where entry.destination == index {
        // A slot of an arena is smaller than 64 KiB.
        frames.writeInteger(UInt16(truncatingIfNeeded: entry.length))
        arena.withUnsafeBytes(of: entry) { _ = frames.writeBytes($0) }
      }
      stream.send(frames)
    }
  }
}
