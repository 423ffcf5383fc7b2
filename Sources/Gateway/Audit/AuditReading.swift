import Foundation

/// Reads audit files from end to end: to verify them, and to export what is in them.
public enum AuditReading {
  /// The files of the audit at `path`: the sealed ones, then the present one.
  public static func files(of path: String) -> [String] {
    AuditFolder.sealed(of: path) + (FileManager.default.fileExists(atPath: path) ? [path] : [])
  }

  /// Follows the chain through all these files, in the order of their records, however they are named.
  /// - Throws: ``AuditBreak`` at the first place where it does not hold.
  public static func verify(_ files: [String]) throws -> AuditFinding {
    try follow(files) { _, _ in }
  }

  /// The records from one time to another, both ends included, as CSV (RFC 4180) with a head line. The chain is followed
  /// on the way.
  /// - Parameters:
  ///   - from: RFC 3339 in UTC, as records have it; what comes before is left out.
  ///   - to: the same; what comes after is left out.
  /// - Throws: ``AuditBreak`` where the chain does not hold; what came before has been written.
  public static func export(
    _ files: [String], from: String?, to: String?, write: (String) -> Void
  ) throws -> AuditFinding {
    write(AuditTable.headLine)
    return try follow(files) { _, line in
      guard let row = AuditTable.Row(line) else { return }
      if let from, row.time < from { return }
      if let to, row.time > to { return }
      write(row.line)
    }
  }

  /// Each line of a file, without its line end, whatever it is; a record that is being written is left out.
  /// - Throws: ``AuditBreak`` when the file cannot be read.
  static func lines(of path: String, _ body: ([UInt8]) -> Void) throws {
    let handle = try open(path)
    defer { try? handle.close() }
    var rest: [UInt8] = []
    while let bytes = try handle.read(upToCount: 1 << 20), !bytes.isEmpty {
      rest += bytes
      var start = rest.startIndex
      while let end = rest[start...].firstIndex(of: UInt8(ascii: "\n")) {
        body(Array(rest[start..<end]))
        start = end + 1
      }
      rest.removeFirst(start)
      if rest.count > AuditVerifier.longestLine {
        throw AuditBreak(file: path, line: 1, what: "a line is longer than any record")
      }
    }
  }

  private static func follow(_ files: [String], record: (AuditRecord, [UInt8]) throws -> Void) throws -> AuditFinding {
    var verifier = AuditVerifier()
    let ordered = try files.map { (first: try firstNumber(of: $0), path: $0) }.sorted { $0.first < $1.first }
    for (index, file) in ordered.enumerated() {
      try verifier.begin(file.path)
      let handle = try open(file.path)
      defer { try? handle.close() }
      while let bytes = try handle.read(upToCount: 1 << 20), !bytes.isEmpty {
        try verifier.read(Array(bytes), record: record)
      }
      try verifier.end(head: index == ordered.count - 1 ? AuditHead.read(of: file.path) : nil)
    }
    return verifier.finding
  }

  private static func open(_ path: String) throws -> FileHandle {
    guard let handle = FileHandle(forReadingAtPath: path) else {
      throw AuditBreak(file: path, line: 1, what: "the file cannot be read")
    }
    return handle
  }

  /// The number that the first record claims; whether it is true shows later.
  private static func firstNumber(of path: String) throws -> UInt64 {
    let handle = try open(path)
    defer { try? handle.close() }
    let text = String(decoding: try handle.read(upToCount: 64) ?? Data(), as: UTF8.self)
    return UInt64(text.drop { !$0.isNumber }.prefix(while: \.isNumber)) ?? 0
  }
}
