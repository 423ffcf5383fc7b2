import Glibc

/// The number and hash of the last record of a file, noted beside it: shows when records were cut off its end.
struct AuditHead: Sendable, Equatable {
  let sequence: UInt64
  let hash: String

  init(sequence: UInt64, hash: String) {
    self.sequence = sequence
    self.hash = hash
  }

  /// Where the head of a file stands.
  static func path(of file: String) -> String { file + ".head" }

  /// Of one length whatever the number, so that it is overwritten in one piece.
  var line: String {
    let digits = String(sequence)
    return String(repeating: "0", count: max(0, 20 - digits.count)) + digits + " " + hash + "\n"
  }

  /// Reads the head of a file; nil if there is none. One that is damaged reads as one that nothing fits.
  static func read(of file: String) -> AuditHead? {
    guard case .success(let bytes) = BoundedFile.read(path(of: file), limit: 256) else { return nil }
    let parts = String(decoding: bytes, as: UTF8.self).split(separator: " ")
    guard bytes.count == 86, parts.count == 2, let sequence = UInt64(parts[0]), parts[1].hasSuffix("\n") else {
      return bytes.isEmpty ? nil : AuditHead(sequence: .max, hash: "")
    }
    return AuditHead(sequence: sequence, hash: String(parts[1].dropLast()))
  }
}
