import AccessPolicy

/// What counts as one guesser.
enum AttemptOrigin {
  /// The address; of IPv6 the /64 network, which one client usually owns whole.
  static func of(_ text: String) -> String {
    guard let address = IPAddress(text), address.isIPv6, let network = AddressRange(address, prefix: 64) else {
      return text
    }
    return "\(network.first)"
  }
}
