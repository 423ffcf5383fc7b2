import NIOCore
import RTP
import Rooms

extension MediaLoop {
  /// A media loop as other threads hold it: each call is one hop to the loop.
  final class Handle: FrameSink {
    let localAddress: SocketAddress
    private let loop: any EventLoop
    private let bound: NIOLoopBound<MediaLoop>

    init(_ mediaLoop: MediaLoop) {
      localAddress = mediaLoop.socket.localAddress
      loop = mediaLoop.socket.channel.eventLoop
      bound = NIOLoopBound(mediaLoop, eventLoop: loop)
    }

    /// Itself, for those who are on its event loop; nil on another.
    func mediaLoop(on loop: any EventLoop) -> MediaLoop? { loop === self.loop ? bound.value : nil }

    func begin(_ plane: MediaPlane) async throws {
      try await loop.submit { try self.bound.value.begin(plane) }.get()
    }

    func deliver(
      _ frame: PacketizedFrame, of track: TrackID, as rendition: Rendition, untouched: PayloadCodec?,
      receivedAt: NIODeadline
    ) {
      // A publisher on the same loop needs no hop.
      if loop.inEventLoop {
        bound.value.fanOut(frame, of: track, as: rendition, untouched: untouched, receivedAt: receivedAt)
      } else {
        loop.execute {
          self.bound.value.fanOut(frame, of: track, as: rendition, untouched: untouched, receivedAt: receivedAt)
        }
      }
    }

    func deliver(groupOfPictures: [PacketizedFrame], of track: TrackID, to subscriber: SubscriberID) {
      // The same way as live frames: one that comes right after must not overtake the group, nor one before fall behind.
      if loop.inEventLoop {
        bound.value.catchUp(groupOfPictures, of: track, to: subscriber)
      } else {
        loop.execute { self.bound.value.catchUp(groupOfPictures, of: track, to: subscriber) }
      }
    }

    func give(_ key: RemoteAddress, to owner: Handle) {
      loop.execute { self.bound.value.give(key, to: owner) }
    }

    func handOver(_ datagram: ByteBuffer, from address: SocketAddress, by giver: Handle) {
      loop.execute {
        self.bound.value.receive(datagram, from: address, handedOverBy: giver)
        self.bound.value.readComplete()
      }
    }

    func update(_ id: PeerID, _ plan: PeerPlan) {
      loop.execute { self.bound.value.update(id, plan) }
    }

    func close(_ id: PeerID) {
      loop.execute { self.bound.value.close(id) }
    }

    func judgeAgain() {
      loop.execute { self.bound.value.judgeAgain() }
    }

    func shutDown() async {
      try? await loop.flatSubmit { self.bound.value.shutDown() }.get()
    }
  }

  /// Makes the media loop of a socket, on the socket's event loop.
  static func make(_ socket: MediaSocket, _ base: MediaPlane.Base, index: Int) async throws -> Handle {
    try await socket.channel.eventLoop.submit {
      // Each loop counts its subscribers in a range of its own.
      MediaLoop(socket, base, firstSubscriber: UInt64(index) << 48 + 1).handle
    }.get()
  }
}
