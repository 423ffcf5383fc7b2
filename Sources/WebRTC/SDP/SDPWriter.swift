/// Values to text (RFC 8866 section 9).
enum SDPWriter {
  static func text(of description: SessionDescription) -> String {
    var lines: [String] = []
    let origin = description.origin
    lines.append("v=0")
    // RFC 8829 section 5.2.1: the address in the origin is of no use, so it tells nothing.
    lines.append("o=\(origin.username) \(origin.sessionID) \(origin.version) IN IP4 127.0.0.1")
    lines.append("s=-")
    lines.append("t=0 0")
    for attribute in description.attributes { lines.append("a=" + attribute.line) }
    for section in description.sections {
      let formats = section.formats.joined(separator: " ")
      lines.append("m=\(section.kind.word) \(section.port) \(section.transport) \(formats)")
      if let connection = section.connection { lines.append("c=" + connection) }
      for attribute in section.attributes { lines.append("a=" + attribute.line) }
    }
    return lines.joined(separator: "\r\n") + "\r\n"
  }
}
