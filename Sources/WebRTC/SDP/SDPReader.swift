/// Text to values (RFC 8866 section 9), with limits on what is taken in; a fault names its line.
///
/// Lines may end with CR LF or LF. Order is checked as far as it carries meaning: `v=` first, `o=` before any media.
public struct SDPReader: Sendable {
  /// Most bytes of a description. An offer with a hundred sections has some 300 KiB.
  public var maximumBytes = 512 * 1024
  /// Most lines of a description.
  public var maximumLines = 20_000
  /// Bytes of one line.
  public var maximumLineLength = 8192
  /// Most `m=` lines.
  public var maximumSections = 256

  private var origin: SessionDescription.Origin?
  private var attributes: [SDPAttribute] = []
  private var sections: [MediaSection] = []

  /// A reader with the default limits.
  public init() {}

  /// Reads one description.
  public mutating func read(_ text: some StringProtocol) throws(WebRTCError) -> SessionDescription {
    self.origin = nil
    self.attributes = []
    self.sections = []
    let size = text.utf8.count
    guard size <= self.maximumBytes else { throw .sdp(.tooLong(bytes: size, limit: self.maximumBytes), line: 0) }
    let whole = Substring(String(text))
    var number = 0
    for line in whole.utf8.split(omittingEmptySubsequences: false, whereSeparator: { $0 == 10 }) {
      number += 1
      guard number <= self.maximumLines else { throw .sdp(.tooManyLines(limit: self.maximumLines), line: number) }
      let line = line.last == 13 ? line.dropLast() : line
      // The piece after the last line end, or a stray empty line, which harms nobody.
      if line.isEmpty { continue }
      do throws(SDPFault) {
        try self.take(Substring(line), number: number)
      } catch {
        throw .sdp(error, line: number)
      }
    }
    guard let origin else { throw .sdp(.missingOrigin, line: number) }
    return SessionDescription(origin: origin, attributes: self.attributes, sections: self.sections)
  }

  private mutating func take(_ line: Substring, number: Int) throws(SDPFault) {
    let count = line.utf8.count
    guard count <= self.maximumLineLength else {
      throw .lineTooLong(bytes: count, limit: self.maximumLineLength)
    }
    guard line.utf8.allSatisfy({ $0 >= 0x20 || $0 == 9 }) else { throw .notText }
    let bytes = line.utf8
    guard count >= 2, let type = bytes.first, bytes[bytes.index(after: bytes.startIndex)] == UInt8(ascii: "=") else {
      throw .notALine
    }
    let value = line[bytes.index(bytes.startIndex, offsetBy: 2)...]
    if number == 1 {
      guard type == UInt8(ascii: "v"), value == "0" else { throw .wrongVersion }
      return
    }
    switch type {
    case UInt8(ascii: "o"):
      guard self.origin == nil, self.sections.isEmpty else { throw .unexpectedLine(type: "o") }
      self.origin = try Self.origin(value)
    case UInt8(ascii: "m"): try self.beginSection(value)
    case UInt8(ascii: "c"):
      // At the session's level it says nothing that ICE does not say better.
      if !self.sections.isEmpty { self.sections[self.sections.count - 1].connection = String(value) }
    case UInt8(ascii: "a"):
      let attribute = try SDPAttribute(line: value)
      if self.sections.isEmpty {
        self.attributes.append(attribute)
      } else {
        self.sections[self.sections.count - 1].attributes.append(attribute)
      }
    case UInt8(ascii: "s"), UInt8(ascii: "t"), UInt8(ascii: "i"), UInt8(ascii: "u"), UInt8(ascii: "e"),
      UInt8(ascii: "p"), UInt8(ascii: "b"), UInt8(ascii: "r"), UInt8(ascii: "z"), UInt8(ascii: "k"):
      break
    default: throw .unexpectedLine(type: Character(Unicode.Scalar(type)))
    }
  }

  private mutating func beginSection(_ value: Substring) throws(SDPFault) {
    guard self.origin != nil else { throw .missingOrigin }
    guard self.sections.count < self.maximumSections else { throw .tooManySections(limit: self.maximumSections) }
    let words = value.words()
    // A port may be followed by a count of ports, which has no meaning here.
    guard words.count >= 4, let portWord = words[1].split(separator: "/").first, let port = UInt16(portWord) else {
      throw .malformedMediaLine
    }
    self.sections.append(
      MediaSection(
        kind: MediaKind(words[0]), port: port, transport: String(words[2]),
        formats: words.dropFirst(3).map(String.init)))
  }

  private static func origin(_ value: Substring) throws(SDPFault) -> SessionDescription.Origin {
    let words = value.words()
    guard words.count == 6, (1...20).contains(words[1].utf8.count),
      words[1].utf8.allSatisfy({ (0x30...0x39).contains($0) }), let version = UInt64(words[2])
    else { throw .malformedOrigin }
    return SessionDescription.Origin(username: String(words[0]), sessionID: String(words[1]), version: version)
  }
}

extension Substring {
  /// The pieces between spaces; from the `atMost`th on the rest is one piece. By bytes, for finding the borders of
  /// characters in every line would take most of the reading.
  func words(atMost count: Int = .max) -> [Substring] {
    self.utf8.split(separator: 0x20, maxSplits: count - 1).map { Substring($0) }
  }
}
