import Foundation

/// The files of one audit: the present one, and the sealed ones beside it, `NAME-FIRST.jsonl`.
enum AuditFolder {
  /// The name that a file gets with its seal.
  static func sealedPath(of path: String, first: UInt64) -> String {
    let (stem, ending) = parts(path)
    let digits = String(first)
    return "\(stem)-\(String(repeating: "0", count: max(0, digitCount - digits.count)))\(digits)\(ending)"
  }

  /// The sealed files of an audit, in the order of their records.
  static func sealed(of path: String) -> [String] {
    let (stem, ending) = parts(path)
    // Not by NSString, whose path methods trap on some relative paths here.
    let folder = String(path[..<(path.lastIndex(of: "/").map { path.index(after: $0) } ?? path.startIndex)])
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.isEmpty ? "." : folder)) ?? []
    let prefix = String(stem.dropFirst(folder.count)) + "-"
    return names.filter { name in
      guard name.hasPrefix(prefix), name.hasSuffix(ending) else { return false }
      let number = name.dropFirst(prefix.count).dropLast(ending.count)
      return number.count >= digitCount && number.allSatisfy(\.isNumber)
    }.sorted().map { folder + $0 }
  }

  /// Where the chain stands behind the last sealed file.
  static func chain(of path: String) throws(AuditFileError) -> AuditChain {
    guard let last = sealed(of: path).last else { return AuditChain() }
    let file = Glibc.open(last, O_RDONLY | O_CLOEXEC)
    guard file >= 0 else { throw AuditFileError("open", path: last) }
    defer { close(file) }
    guard let record = try AuditTail.read(file, path: last).last else {
      throw AuditFileError("\(last) holds no record: see `flashgate audit verify`, and move it aside")
    }
    return AuditChain(after: record)
  }

  /// Removes sealed files that were sealed before `oldest`, in seconds since 1970.
  /// - Returns: their names.
  static func removeSealed(of path: String, before oldest: Int64) -> [String] {
    sealed(of: path).filter { file in
      guard let attributes = try? FileManager.default.attributesOfItem(atPath: file),
        let sealed = attributes[.modificationDate] as? Date, Int64(sealed.timeIntervalSince1970) < oldest
      else { return false }
      return (try? FileManager.default.removeItem(atPath: file)) != nil
    }
  }

  private static let digitCount = 12

  private static func parts(_ path: String) -> (stem: String, ending: String) {
    let ending = ".jsonl"
    return path.hasSuffix(ending) ? (String(path.dropLast(ending.count)), ending) : (path, "")
  }
}
