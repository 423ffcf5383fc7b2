import NIOCore
import WebRTC

/// Reads datagrams out of a TCP connection and gives them to the media loop of its event loop.
///
/// The first one has to be a check of a peer that was negotiated: nothing else is served here.
final class MediaStreamHandler: ChannelInboundHandler {
  typealias InboundIn = ByteBuffer

  private let plane: MediaPlane
  private let mediaLoop: MediaLoop
  private let door: DoorConnection
  private let address: SocketAddress
  private let key: RemoteAddress
  private var reader = StreamFrameReader()
  private var stream: MediaStream?
  private var watch: RepeatedTask?
  private var lastRead = NIODeadline.now()

  /// Browsers check each few seconds.
  private static let silence = TimeAmount.seconds(30)

  /// Nil when the peer has no address.
  init?(_ plane: MediaPlane, _ mediaLoop: MediaLoop, door: DoorConnection) {
    guard let address = door.info.peerAddress.asStream(), let key = RemoteAddress(address) else { return nil }
    self.plane = plane
    self.mediaLoop = mediaLoop
    self.door = door
    self.address = address
    self.key = key
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    lastRead = .now()
    reader.receive(unwrapInboundIn(data))
    do {
      while let datagram = try reader.next() { receive(datagram, context) }
    } catch {
      door.close(.protocolError)
    }
  }

  func channelReadComplete(context: ChannelHandlerContext) {
    mediaLoop.readComplete()
  }

  func channelInactive(context: ChannelHandlerContext) {
    stop()
    context.fireChannelInactive()
  }

  func handlerRemoved(context: ChannelHandlerContext) { stop() }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    door.close(.clientClosed)
  }

  private func receive(_ datagram: ByteBuffer, _ context: ChannelHandlerContext) {
    if stream == nil {
      guard let ufrag = STUNMessage.localUfrag(of: datagram), plane.knows(ufrag) else {
        return door.close(.unknownPeer)
      }
      start(context)
    }
    mediaLoop.receive(datagram, from: address)
  }

  private func start(_ context: ChannelHandlerContext) {
    let stream = MediaStream(context.channel)
    self.stream = stream
    plane.streams.add(stream, at: key)
    door.established()
    let bound = NIOLoopBound(self, eventLoop: context.eventLoop)
    watch = context.eventLoop.scheduleRepeatedTask(initialDelay: Self.silence, delay: Self.silence) { _ in
      bound.value.look()
    }
  }

  private func look() {
    if NIODeadline.now() - lastRead >= Self.silence { door.close(.idle) }
  }

  private func stop() {
    if let stream { plane.streams.remove(stream, at: key) }
    watch?.cancel()
    watch = nil
  }
}

extension MediaPlane {
  /// Makes the channel a carrier of datagrams. Call on the channel's event loop.
  public func adopt(_ channel: any Channel, _ door: DoorConnection) throws {
    guard let mediaLoop = mediaLoop(on: channel.eventLoop),
      let handler = MediaStreamHandler(self, mediaLoop, door: door)
    else { throw ChannelError.operationUnsupported }
    // What the kernel holds is late already: pictures are kept back here instead.
    try channel.syncOptions?.setOption(.socketOption(.so_sndbuf), value: 128 << 10)
    try channel.syncOptions?.setOption(.writeBufferWaterMark, value: MediaStream.waterMark)
    try channel.pipeline.syncOperations.addHandler(handler)
  }
}

extension ConnectionReason {
  /// A check by TCP for a peer that was not negotiated, or is gone.
  static let unknownPeer = ConnectionReason(rawValue: "unknown_peer")
}
