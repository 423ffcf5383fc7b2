import Edge

extension RecordedSession {
  /// When the client's first byte came, in microseconds since the epoch.
  var recordedBegin: Int64 { begin }

  /// The client's address without its port; one of documentation's where the capture has none.
  var clientAddress: String { client?.address ?? "192.0.2.1" }

  /// The port it came to; nil where the capture has none.
  var serverPort: Int? { server.map { Int($0.port) } }

  /// The way it came, as the gateway calls it.
  var door: DoorProtocol {
    switch transport {
    case .rtmp, .file: .rtmp
    case .rtmps: .rtmps
    case .rtmpt: .rtmpt
    case .rtmpts: .rtmpts
    }
  }
}
