/// What a client of the tunnel asks for, read from the path of its POST.
///
///     /fcs/ident2            which server is this
///     /open/1                a new session
///     /send/ID/NUMBER        take these bytes
///     /idle/ID/NUMBER        is there anything
///     /close/ID/NUMBER       the end
public enum TunnelRequest: Sendable, Hashable {
  /// The question that Flash Player asks first.
  case identify
  /// A new session is wanted.
  case open
  /// A request within a session; they are numbered one after the other, whatever they are.
  case exchange(Kind, TunnelSessionID, number: UInt32)

  /// What a request within a session is.
  public enum Kind: String, Sendable, Hashable, CaseIterable {
    /// Its body is for the server.
    case send
    /// It only asks for what there is.
    case idle
    /// It ends the session.
    case close
  }

  /// Reads the segments of a path. Nil when it is none of the tunnel's.
  public init?(path segments: [String]) {
    switch segments.count {
    case 3:
      guard let kind = Kind(rawValue: segments[0]), let id = TunnelSessionID(segments[1]),
        let number = Self.number(segments[2])
      else { return nil }
      self = .exchange(kind, id, number: number)
    case 2 where segments == ["open", "1"]: self = .open
    case 2 where segments == ["fcs", "ident2"]: self = .identify
    default: return nil
    }
  }

  /// Decimal digits and nothing else: no sign, as `UInt32.init` would take one.
  private static func number(_ text: String) -> UInt32? {
    guard text.utf8.allSatisfy({ $0 >= UInt8(ascii: "0") && $0 <= UInt8(ascii: "9") }) else { return nil }
    return UInt32(text)
  }
}
