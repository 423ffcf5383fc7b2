extension RecordedSession {
  /// When the client's first byte came, in microseconds since the epoch.
  var recordedBegin: Int64 { begin }

  /// The client's address without its port; one of documentation's where the capture has none.
  var clientAddress: String { client?.address ?? "192.0.2.1" }
}
