/// Where health, readiness and metrics are asked for.
public struct AdminConfiguration: Sendable, Equatable {
  /// A loopback address: there are no accounts yet. Default 127.0.0.1:9090.
  public var address: Located<ListenAddress>

  init(address: Located<ListenAddress>) {
    self.address = address
  }

  init(position: SourcePosition = .code) {
    self.init(address: Located(ListenAddress(ip: .loopback, port: 9090), at: position))
  }
}

extension AdminConfiguration {
  init(reading value: ConfigurationValue) {
    self.init(position: value.position)
    let section = value.section(keys: ["address"])
    guard let text = section["address"], let address = text.listenAddress() else { return }
    if !address.value.isLoopback {
      text.problem(
        "the admin address \(address.value) is open to others, and there are no accounts yet in this version:"
          + " use 127.0.0.1:\(address.value.port)")
    }
    self.address = address
  }
}
