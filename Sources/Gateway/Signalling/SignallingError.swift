/// What goes wrong between a browser and its room.
enum SignallingError: Error, Equatable {
  /// The text is not a message of the protocol.
  case malformed(String)
  /// A message other than `join` came first, or a second `join`.
  case outOfOrder(String)
  /// The client speaks a version that is not known here.
  case unsupportedVersion(Int)

  var code: String {
    switch self {
    case .malformed: "malformed"
    case .outOfOrder: "out_of_order"
    case .unsupportedVersion: "unsupported_version"
    }
  }

  var message: String {
    switch self {
    case .malformed(let why): why
    case .outOfOrder(let why): why
    case .unsupportedVersion(let version): "version \(version) of the signalling is not known here"
    }
  }
}
