import NIOCore

/// Switches delayed acknowledgements off until media flows.
///
/// Clients that write a message's header and body apart, with Nagle's algorithm on, wait for our acknowledgement between
/// the two: 40 ms for each step of the set-up. The kernel forgets TCP_QUICKACK as it likes, so it is set again around
/// each read. Once media flows there is always something to send, and acknowledgements may be delayed again.
struct QuickAcknowledgement {
  private enum State {
    case armed, off
  }
  private var state = State.armed

  /// `TCP_QUICKACK` of Linux.
  private static let option = ChannelOptions.Types.SocketOption(level: .tcp, name: .init(rawValue: 12))

  func arm(_ channel: any Channel) {
    guard case .armed = state else { return }
    // A socket that refuses works all the same, only later.
    try? channel.syncOptions?.setOption(Self.option, value: 1)
  }

  mutating func mediaFlows() { state = .off }
}
