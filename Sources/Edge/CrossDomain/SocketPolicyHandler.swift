import AccessPolicy
import NIOCore

/// Answers a Flash socket policy request: `<policy-file-request/>` and a NUL come in, the policy and a NUL go out at
/// once, and our side is closed. The client closes the other.
final class SocketPolicyHandler: ChannelInboundHandler {
  typealias InboundIn = ByteBuffer
  typealias OutboundOut = ByteBuffer

  private enum Phase {
    /// So many bytes of the request have come.
    case reading(Int)
    /// What still comes is thrown away until the client closes.
    case answered(Scheduled<Void>?)
  }

  private let source: CrossDomainSource
  private let door: DoorConnection
  private var phase = Phase.reading(0)

  private static let request = Array("<policy-file-request/>\0".utf8)
  private static let lingerTime = TimeAmount.seconds(1)

  init(source: CrossDomainSource, door: DoorConnection) {
    self.source = source
    self.door = door
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    guard case .reading(let known) = phase else { return }
    let expected = Self.request[known...]
    let bytes = unwrapInboundIn(data).readableBytesView.prefix(expected.count)
    guard expected.starts(with: bytes) else { return door.close(.badPolicyRequest) }
    guard bytes.count == expected.count else {
      phase = .reading(known + bytes.count)
      return
    }
    answer(context)
  }

  func channelInactive(context: ChannelHandlerContext) {
    if case .answered(let linger) = phase { linger?.cancel() }
    context.fireChannelInactive()
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    door.close(ConnectionReason(closedBy: error))
  }

  private func answer(_ context: ChannelHandlerContext) {
    let port = UInt16(clamping: door.info.localAddress?.port ?? 0)
    guard let document = source.current?.document(at: .socket(port: port)) else { return door.close(.noPolicy) }
    var answer = context.channel.allocator.buffer(capacity: document.utf8.count + 1)
    answer.writeString(document)
    answer.writeInteger(UInt8(0))
    door.established()
    door.note(.finished)
    let end = context.eventLoop.assumeIsolated().scheduleTask(in: Self.lingerTime) { self.door.close(.finished) }
    phase = .answered(end)
    let channel = context.channel
    context.writeAndFlush(wrapOutboundOut(answer)).flatMap { channel.close(mode: .output) }.assumeIsolated()
      .whenFailure { _ in self.door.close(.clientClosed) }
  }
}

extension CrossDomainSource {
  /// Makes the channel one that answers a socket policy request. Call on the channel's event loop.
  public func adopt(_ channel: any Channel, _ door: DoorConnection) throws {
    try channel.pipeline.syncOperations.addHandler(SocketPolicyHandler(source: self, door: door))
  }
}

extension ConnectionReason {
  /// What began like a socket policy request was none.
  static let badPolicyRequest = ConnectionReason(rawValue: "bad_policy_request")
  /// There is no policy to give on this port.
  static let noPolicy = ConnectionReason(rawValue: "no_policy")
}
