import Glibc

/// How far a file of records got: its first record, its last whole one, and what stands behind that.
struct AuditTail {
  let first: UInt64?
  let last: AuditRecord?
  /// Bytes of whole lines.
  let whole: Int
  /// Bytes in all.
  let size: Int
  /// The day of the first record.
  let day: String

  /// Looks at both ends of an open file.
  static func read(_ file: Int32, path: String) throws(AuditFileError) -> AuditTail {
    let size = Int(lseek(file, 0, SEEK_END))
    guard size >= 0 else { throw AuditFileError("read", path: path) }
    let start = try part(file, at: 0, count: min(size, AuditVerifier.longestLine), path: path)
    let offset = max(0, size - AuditVerifier.longestLine)
    let end = try part(file, at: offset, count: size - offset, path: path)
    guard let firstEnd = start.firstIndex(of: newline), let lastEnd = end.lastIndex(of: newline) else {
      // Not one whole line: nothing was ever promised, if it is short.
      return AuditTail(first: nil, last: nil, whole: 0, size: size, day: "")
    }
    let lastStart = end[..<lastEnd].lastIndex(of: newline).map { $0 + 1 } ?? 0
    guard let first = AuditRecord(line: Array(start[..<firstEnd])),
      let last = AuditRecord(line: Array(end[lastStart..<lastEnd]))
    else { throw AuditFileError("\(path) was changed: see `flashgate audit verify`, and move it aside") }
    let text = String(decoding: start[..<firstEnd], as: UTF8.self)
    let day = text.firstRange(of: "\"time\":\"").map { String(text[$0.upperBound...].prefix(10)) } ?? ""
    return AuditTail(first: first.sequence, last: last, whole: offset + lastEnd + 1, size: size, day: day)
  }

  private static let newline = UInt8(ascii: "\n")

  private static func part(_ file: Int32, at offset: Int, count: Int, path: String) throws(AuditFileError) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: count)
    var done = 0
    while done < count {
      let read = bytes.withUnsafeMutableBytes { buffer in
        pread(file, buffer.baseAddress?.advanced(by: done), count - done, off_t(offset + done))
      }
      if read < 0, errno == EINTR { continue }
      guard read > 0 else { throw AuditFileError("read", path: path) }
      done += read
    }
    return bytes
  }
}
