import NIOCore

/// Switches delayed acknowledgements off for the moment.
///
/// Clients that write a message's header and body apart, with Nagle's algorithm on, wait for our acknowledgement between
/// the two: 40 ms for each step of the set-up. The kernel forgets TCP_QUICKACK as it likes, so it is set again around
/// each read until media flows.
enum QuickAcknowledgement {
  /// `TCP_QUICKACK` of Linux.
  private static let option = ChannelOptions.Types.SocketOption(level: .tcp, name: .init(rawValue: 12))

  static func arm(_ channel: any Channel) {
    // A socket that refuses works all the same, only later.
    try? channel.syncOptions?.setOption(option, value: 1)
  }
}
