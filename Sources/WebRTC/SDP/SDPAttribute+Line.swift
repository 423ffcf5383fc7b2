extension SDPAttribute {
  /// Reads what follows `a=`. Throws for a known attribute whose value breaks its grammar where that matters to the
  /// session; a candidate that cannot be read is kept as `other`, for new kinds of them appear.
  init(line: Substring) throws(SDPFault) {
    let (name, value) = Self.split(line)
    guard let parsed = try Self.parse(name: name, value: value) else { throw .malformedAttribute(name: String(name)) }
    self = parsed
  }

  private static func split(_ line: Substring) -> (name: Substring, value: Substring?) {
    guard let colon = line.utf8.firstIndex(of: UInt8(ascii: ":")) else { return (line, nil) }
    return (line[..<colon], line[line.utf8.index(after: colon)...])
  }

  private static func parse(name: Substring, value: Substring?) throws(SDPFault) -> SDPAttribute? {
    if let flag = self.flag(name), value == nil { return flag }
    guard let value else { return .other(name: String(name), value: nil) }
    switch name {
    case "mid": return self.isToken(value) ? .mid(String(value)) : nil
    case "group":
      let words = value.words()
      guard let semantics = words.first else { return nil }
      return .group(String(semantics), mids: words.dropFirst().map(String.init))
    case "rtpmap": return self.rtpmap(value)
    case "fmtp":
      guard let (number, text) = self.numbered(value), let type = self.payloadType(number) else { return nil }
      return .fmtp(payloadType: type, String(text))
    case "rtcp-fb":
      guard let (number, text) = self.numbered(value) else { return nil }
      if number == "*" { return .rtcpFeedback(payloadType: nil, String(text)) }
      guard let type = self.payloadType(number) else { return nil }
      return .rtcpFeedback(payloadType: type, String(text))
    case "extmap": return self.extmap(value)
    case "ice-ufrag": return .iceUfrag(String(value))
    case "ice-pwd": return .icePassword(String(value))
    case "candidate":
      return Candidate(line: value).map(SDPAttribute.candidate) ?? .other(name: "candidate", value: String(value))
    case "fingerprint": return Fingerprint(line: value).map(SDPAttribute.fingerprint)
    case "setup": return .setup(String(value))
    case "msid":
      let words = value.words(atMost: 2)
      guard let stream = words.first else { return nil }
      return .msid(stream: String(stream), track: words.count > 1 ? String(words[1]) : nil)
    case "ssrc":
      guard let (number, text) = self.numbered(value), let source = UInt32(number) else { return nil }
      return .ssrc(source, String(text))
    default: return .other(name: String(name), value: String(value))
    }
  }

  private static func flag(_ name: Substring) -> SDPAttribute? {
    switch name {
    case "ice-lite": .iceLite
    case "end-of-candidates": .endOfCandidates
    case "rtcp-mux": .rtcpMux
    case "rtcp-rsize": .rtcpReducedSize
    case "bundle-only": .bundleOnly
    default: MediaDirection(rawValue: String(name)).map(SDPAttribute.direction)
    }
  }

  private static func rtpmap(_ value: Substring) -> SDPAttribute? {
    guard let (number, text) = self.numbered(value), let type = self.payloadType(number) else { return nil }
    let parts = text.split(separator: "/", omittingEmptySubsequences: false)
    guard (2...3).contains(parts.count), !parts[0].isEmpty, let rate = UInt32(parts[1]), rate > 0 else { return nil }
    var channels: UInt8?
    if parts.count == 3 {
      guard let count = UInt8(parts[2]) else { return nil }
      channels = count
    }
    return .rtpmap(RTPMap(payloadType: type, encoding: String(parts[0]), clockRate: rate, channels: channels))
  }

  private static func extmap(_ value: Substring) -> SDPAttribute? {
    guard let (number, text) = self.numbered(value), let uri = text.words().first else { return nil }
    let parts = number.split(separator: "/", maxSplits: 1)
    guard let first = parts.first, let id = UInt16(first), id > 0 else { return nil }
    var direction: MediaDirection?
    if parts.count == 2 {
      guard let said = MediaDirection(rawValue: String(parts[1])) else { return nil }
      direction = said
    }
    return .extmap(ExtensionMap(id: id, direction: direction, uri: String(uri)))
  }

  private static func numbered(_ value: Substring) -> (Substring, Substring)? {
    guard let space = value.utf8.firstIndex(of: UInt8(ascii: " ")) else { return nil }
    return (value[..<space], value[value.utf8.index(after: space)...])
  }

  private static func payloadType(_ word: Substring) -> UInt8? {
    guard let number = UInt8(word), number < 128 else { return nil }
    return number
  }

  /// RFC 8866 section 9, `token`; a mid also goes into packets, so its length is bounded.
  private static func isToken(_ text: Substring) -> Bool {
    (1...32).contains(text.utf8.count) && text.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F }
  }

  /// What follows `a=`.
  var line: String {
    switch self {
    case .mid(let mid): "mid:\(mid)"
    case .group(let semantics, let mids): (["group:\(semantics)"] + mids).joined(separator: " ")
    case .rtpmap(let map):
      "rtpmap:\(map.payloadType) \(map.encoding)/\(map.clockRate)" + (map.channels.map { "/\($0)" } ?? "")
    case .fmtp(let type, let text): "fmtp:\(type) \(text)"
    case .rtcpFeedback(let type, let text): "rtcp-fb:\(type.map(String.init) ?? "*") \(text)"
    case .extmap(let map): "extmap:\(map.id)" + (map.direction.map { "/\($0.rawValue)" } ?? "") + " \(map.uri)"
    case .iceUfrag(let text): "ice-ufrag:\(text)"
    case .icePassword(let text): "ice-pwd:\(text)"
    case .iceLite: "ice-lite"
    case .candidate(let candidate): "candidate:\(candidate.line)"
    case .endOfCandidates: "end-of-candidates"
    case .fingerprint(let fingerprint): "fingerprint:\(fingerprint.line)"
    case .setup(let role): "setup:\(role)"
    case .direction(let direction): direction.rawValue
    case .rtcpMux: "rtcp-mux"
    case .rtcpReducedSize: "rtcp-rsize"
    case .bundleOnly: "bundle-only"
    case .msid(let stream, let track): "msid:\(stream)" + (track.map { " \($0)" } ?? "")
    case .ssrc(let source, let text): "ssrc:\(source) \(text)"
    case .other(let name, let value): name + (value.map { ":\($0)" } ?? "")
    }
  }
}
