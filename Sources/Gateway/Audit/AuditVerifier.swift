/// Where a chain of records breaks.
public struct AuditBreak: Error, Sendable, Equatable, CustomStringConvertible {
  /// The file as it was named.
  public let file: String
  /// The line, from 1.
  public let line: Int
  /// What is wrong there.
  public let what: String

  /// `file:line: what`
  public var description: String { "\(file):\(line): \(what)" }
}

/// What a chain that holds consists of.
public struct AuditFinding: Sendable, Equatable {
  /// How many records.
  public internal(set) var records: UInt64 = 0
  /// The number of the first.
  public internal(set) var first: UInt64 = 0
  /// The number of the last.
  public internal(set) var last: UInt64 = 0
  /// The hash of the last: written down elsewhere, it proves all before it.
  public internal(set) var head = ""
  /// What a reviewer should know beside it.
  public internal(set) var notes: [String] = []
}

/// Follows a chain of records through its files, in any cut; holds one line at a time.
struct AuditVerifier {
  private(set) var finding = AuditFinding()
  private var previous: AuditRecord?
  private var file = ""
  private var line = 0
  private var rest: [UInt8] = []
  private var isInFile = false

  /// Longest line that a gateway writes, and more.
  static let longestLine = 256 << 10

  /// The next file begins; files come in the order of their first records.
  mutating func begin(_ name: String) throws(AuditBreak) {
    if let previous, previous.kind != AuditEvent.Kind.seal.rawValue {
      throw broken("the file is not sealed, and another follows: records were cut off its end")
    }
    (file, line, rest, isInFile) = (name, 0, [], true)
  }

  /// The file's next bytes.
  /// - Returns: the records among them, as lines.
  mutating func read(_ bytes: [UInt8], record: (AuditRecord, [UInt8]) throws -> Void = { _, _ in }) throws {
    rest += bytes
    var start = rest.startIndex
    while let end = rest[start...].firstIndex(of: UInt8(ascii: "\n")) {
      line += 1
      let text = Array(rest[start..<end])
      try record(try check(text), text)
      start = end + 1
    }
    rest.removeFirst(start)
    if rest.count > Self.longestLine {
      line += 1
      throw broken("a line is longer than any record")
    }
  }

  /// The file is at its end. `head` is what its writer noted last, when that is at hand.
  mutating func end(head: AuditHead?) throws(AuditBreak) {
    line += 1
    guard rest.isEmpty else { throw broken("the last record is cut off") }
    guard line > 1 else { throw broken("the file has no record") }
    guard let head, let previous, previous.kind != AuditEvent.Kind.seal.rawValue else { return }
    if head.sequence > previous.sequence {
      throw broken("records \(previous.sequence + 1) to \(head.sequence) were cut off the end")
    }
    if head.sequence == previous.sequence, head.hash != previous.hash {
      throw broken("the last record is not the one that was written")
    }
  }

  private mutating func check(_ text: [UInt8]) throws(AuditBreak) -> AuditRecord {
    guard let record = AuditRecord(line: text) else { throw broken("the record was changed, or is none") }
    if let previous {
      guard record.sequence == previous.sequence + 1 else {
        throw broken("record \(record.sequence) comes after record \(previous.sequence)")
      }
      guard record.previous == previous.hash else {
        throw broken("record \(record.sequence) does not follow the record before it")
      }
      if previous.kind == AuditEvent.Kind.seal.rawValue, line > 1 { throw broken("a record follows the file's seal") }
    } else {
      finding.first = record.sequence
      if record.sequence == 1, record.previous != AuditChain().hash { throw broken("the first record follows another") }
      if record.sequence > 1 { finding.notes.append("records 1 to \(record.sequence - 1) are not in these files") }
    }
    let isFirst = line == 1
    guard isFirst == (record.kind == AuditEvent.Kind.begin.rawValue) else {
      throw broken(isFirst ? "records were cut off the file's beginning" : "a file begins in the midst of a file")
    }
    note(record)
    previous = record
    return record
  }

  private mutating func note(_ record: AuditRecord) {
    finding.records += 1
    finding.last = record.sequence
    finding.head = record.hash
    switch AuditEvent.Kind(rawValue: record.kind) {
    case .recovered: finding.notes.append("\(file):\(line): the gateway found its last run's end damaged")
    case .lost: finding.notes.append("\(file):\(line): records were lost because they could not be written")
    default: break
    }
  }

  private func broken(_ what: String) -> AuditBreak { AuditBreak(file: file, line: max(line, 1), what: what) }
}
