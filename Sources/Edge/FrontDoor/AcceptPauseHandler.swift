import NIOCore

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// Pauses accepting while the process is out of descriptors or memory.
///
/// The socket stays readable all that time, and a failed accept leaves the channel's read pending, so that without a
/// pause the event loop would do nothing but fail.
final class AcceptPauseHandler: ChannelInboundHandler {
  typealias InboundIn = any Channel

  private let listener: ListenerID
  private let observer: any ConnectionObserver

  init(listener: ListenerID, observer: any ConnectionObserver) {
    self.listener = listener
    self.observer = observer
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    guard let error = error as? IOError else { return context.fireErrorCaught(error) }
    observer.acceptFailed(on: listener, errnoCode: error.errnoCode)
    // Any other error is of the one connection (ECONNABORTED), or the channel closes by itself.
    guard [EMFILE, ENFILE, ENOBUFS, ENOMEM].contains(error.errnoCode) else { return }
    let channel = context.channel
    // Setting an option fails only on a closed channel.
    _ = channel.setOption(.autoRead, value: false)
    context.eventLoop.scheduleTask(in: Self.pause) { _ = channel.setOption(.autoRead, value: true) }
  }

  private static let pause = TimeAmount.milliseconds(200)
}
