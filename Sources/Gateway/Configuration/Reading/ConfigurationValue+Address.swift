extension ConfigurationValue {
  /// `ADDRESS:PORT` with its place.
  func listenAddress() -> Located<ListenAddress>? {
    guard let text = text() else { return nil }
    do throws(ListenAddress.Refusal) {
      return Located(try ListenAddress(parsing: text), at: position)
    } catch {
      problem(Self.text(of: error, for: text))
      return nil
    }
  }

  private static func text(of refusal: ListenAddress.Refusal, for text: String) -> String {
    switch refusal {
    case .malformed:
      "\(quoted(text)) is no address: write ADDRESS:PORT, such as 0.0.0.0:1935 or \"[::]:1935\""
    case .noPort: "\(quoted(text)) has no port: write it behind a colon, such as 0.0.0.0:1935 or \"[::]:1935\""
    case .noBrackets: "\(quoted(text)) has no brackets: write IPv6 as \"[ADDRESS]:PORT\""
    case .notAnAddress(let host):
      "\(quoted(host)) is no IP address: write one such as 127.0.0.1, 0.0.0.0 or [::] (host names are not looked up)"
    case .portOutOfRange(let port): "the port \(port) is out of range: write one from 1 to 65535"
    }
  }
}
