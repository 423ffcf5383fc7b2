import COpenSSL

/// Makes records of events, each holding the hash of the one before it.
///
/// A record is one line of JSON. Its last two members are `prev`, the hash of the record before (64 zeros for the
/// first), and `hash`, the SHA-256 in hexadecimal of the line's own bytes up to the comma before `"hash"`. So no byte of
/// a record can change without its hash, and no hash without all that follow.
struct AuditChain: Sendable, Equatable {
  /// The number of the last record; 0 before the first.
  private(set) var sequence: UInt64
  /// The hash of the last record.
  private(set) var hash: String

  /// Before the first record.
  init() {
    sequence = 0
    hash = String(repeating: "0", count: Self.hashLength)
  }

  /// After a record that stands in a file already.
  init(after record: AuditRecord) {
    sequence = record.sequence
    hash = record.hash
  }

  /// The line of an event, with its line end.
  mutating func append(_ event: AuditEvent, at time: LogTime) -> String {
    sequence += 1
    let members: [JSON.Member] =
      [
        .init("seq", .integer(Int(clamping: sequence))), .init("time", .string(time.text)),
        .init("event", .string(event.kind.rawValue)),
      ] + event.facts + [.init("prev", .string(hash))]
    let open = JSON.object(members).text.dropLast()
    hash = Self.hash(of: Array(open.utf8))
    return "\(open)\(Self.hashMember)\(hash)\"}\n"
  }

  static let hashLength = 64
  static let hashMember = ",\"hash\":\""
  static let previousMember = ",\"prev\":\""

  /// SHA-256 (FIPS 180-4) in lower-case hexadecimal.
  static func hash(of bytes: [UInt8]) -> String {
    var digest = [UInt8](repeating: 0, count: Int(EVP_MAX_MD_SIZE))
    var length: UInt32 = 0
    EVP_Digest(bytes, bytes.count, &digest, &length, EVP_sha256(), nil)
    let digits = Array("0123456789abcdef".utf8)
    return String(
      decoding: digest.prefix(Int(length)).flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
  }
}

/// One line of an audit file whose own hash is right.
struct AuditRecord: Sendable, Equatable {
  let sequence: UInt64
  let kind: String
  let previous: String
  let hash: String

  /// Reads a line without its line end; nil if it is no record, or one that was changed.
  init?(line: [UInt8]) {
    let hashAt = line.count - AuditChain.hashLength - 2
    let start = hashAt - AuditChain.hashMember.utf8.count
    let previousAt = start - 1 - AuditChain.hashLength
    let previousStart = previousAt - AuditChain.previousMember.utf8.count
    guard previousStart > 0, line.suffix(2).elementsEqual("\"}".utf8),
      line[start..<hashAt].elementsEqual(AuditChain.hashMember.utf8), line[start - 1] == UInt8(ascii: "\""),
      line[previousStart..<previousAt].elementsEqual(AuditChain.previousMember.utf8)
    else { return nil }
    hash = String(decoding: line[hashAt..<hashAt + AuditChain.hashLength], as: UTF8.self)
    previous = String(decoding: line[previousAt..<start - 1], as: UTF8.self)
    guard AuditChain.hash(of: Array(line[..<start])) == hash,
      let sequence = Self.number(line), let kind = Self.kind(line)
    else { return nil }
    self.sequence = sequence
    self.kind = kind
  }

  /// `{"seq":N,`
  private static func number(_ line: [UInt8]) -> UInt64? {
    let opening = "{\"seq\":".utf8
    guard line.starts(with: opening) else { return nil }
    return UInt64(String(decoding: line.dropFirst(opening.count).prefix { $0 != UInt8(ascii: ",") }, as: UTF8.self))
  }

  /// `"event":"KIND"`, the third member. Its hash is right, so a gateway wrote it, and it stands where it should.
  private static func kind(_ line: [UInt8]) -> String? {
    let text = String(decoding: line.prefix(128), as: UTF8.self)
    guard let start = text.firstRange(of: "\"event\":\"")?.upperBound else { return nil }
    return String(text[start...].prefix { $0 != "\"" })
  }
}
