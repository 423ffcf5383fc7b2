/// Reads the text of a list file, in any split, line by line:
/// one entry a line, `#` begins a comment, blank lines separate.
///
/// An entry's comment is what stands behind it in its line; without that, the comment lines directly above the entries
/// of which it is one, up to a blank line.
struct ListReader {
  private(set) var problems: [ListProblem] = []
  private let file: String
  private let limits: ListLimits
  private var line = 0
  /// The beginning of a line whose end has not come yet.
  private var partial: [UInt8] = []
  private var isSkipping = false
  private var heading = Heading.none

  /// The comment lines above the current line.
  private enum Heading {
    case none
    /// Comment lines that may go on.
    case open([UInt8])
    /// Entries stand below it; it is kept once for all of them, when the first needs it.
    case closed([UInt8], kept: Range<UInt32>?)
  }

  init(file: String, limits: ListLimits) {
    self.file = file
    self.limits = limits
  }

  /// Takes the next bytes of the file.
  mutating func receive(_ bytes: UnsafeBufferPointer<UInt8>, into builder: inout AddressListBuilder) {
    var start = 0
    while start < bytes.count {
      guard let end = Self.lineEnd(in: bytes, from: start) else {
        return hold(UnsafeBufferPointer(rebasing: bytes[start...]))
      }
      let piece = UnsafeBufferPointer(rebasing: bytes[start..<end])
      if partial.isEmpty, !isSkipping {
        read(piece, into: &builder)
      } else {
        hold(piece)
        endLine(into: &builder)
      }
      start = end + 1
    }
  }

  /// The file has ended; its last line needs no line end.
  mutating func finish(into builder: inout AddressListBuilder) {
    if !partial.isEmpty || isSkipping { endLine(into: &builder) }
  }

  private mutating func hold(_ bytes: UnsafeBufferPointer<UInt8>) {
    guard !isSkipping else { return }
    guard partial.count + bytes.count <= limits.lineBytes else {
      (isSkipping, partial) = (true, [])
      return
    }
    partial.append(contentsOf: bytes)
  }

  private mutating func endLine(into builder: inout AddressListBuilder) {
    if isSkipping {
      isSkipping = false
      line += 1
      return report(.lineTooLong(limit: limits.lineBytes))
    }
    let whole = partial
    partial.removeAll(keepingCapacity: true)
    whole.withUnsafeBufferPointer { read($0, into: &builder) }
  }

  private mutating func read(_ bytes: UnsafeBufferPointer<UInt8>, into builder: inout AddressListBuilder) {
    line += 1
    guard bytes.count <= limits.lineBytes else { return report(.lineTooLong(limit: limits.lineBytes)) }
    var text = bytes
    if line == 1, text.starts(with: Self.byteOrderMark) { text = .init(rebasing: text[Self.byteOrderMark.count...]) }
    if text.last == UInt8(ascii: "\r") { text = .init(rebasing: text.dropLast()) }
    let hash = text.firstIndex(of: UInt8(ascii: "#"))
    let entry = UnsafeBufferPointer(rebasing: text[..<(hash ?? text.count)]).withoutSurroundingSpace
    let comment = hash.map { UnsafeBufferPointer(rebasing: text[($0 + 1)...]).withoutSurroundingSpace }
    guard !entry.isEmpty else { return endEntries(comment) }
    let parsed: ListEntry
    do throws(ListEntry.Refusal) {
      parsed = try ListEntry(parsing: entry)
    } catch {
      let column = (text.firstIndex { $0 != UInt8(ascii: " ") && $0 != UInt8(ascii: "\t") } ?? 0) + 1
      return report(.entry(error, text: Self.shown(entry)), column: column)
    }
    guard builder.count < limits.entries else { return report(.tooManyEntries(limit: limits.entries)) }
    builder.add(parsed, line: line, keptComment: keep(comment, in: &builder))
  }

  /// A line without an entry.
  private mutating func endEntries(_ comment: UnsafeBufferPointer<UInt8>?) {
    guard let comment else { return heading = .none }
    if case .open(let earlier) = heading, !earlier.isEmpty, !comment.isEmpty {
      // Bounded by what a line may be.
      guard earlier.count + comment.count < limits.lineBytes else { return }
      heading = .open(earlier + [UInt8(ascii: " ")] + comment)
    } else {
      heading = .open(Array(comment))
    }
  }

  private mutating func keep(
    _ comment: UnsafeBufferPointer<UInt8>?, in builder: inout AddressListBuilder
  ) -> Range<UInt32>? {
    if case .open(let text) = heading { heading = .closed(text, kept: nil) }
    if let comment, !comment.isEmpty {
      guard builder.places.commentBytes + comment.count <= limits.commentBytes else { return nil }
      return builder.keep(comment: comment)
    }
    guard case .closed(let text, let kept) = heading, !text.isEmpty else { return nil }
    if let kept { return kept }
    guard builder.places.commentBytes + text.count <= limits.commentBytes else { return nil }
    let range = builder.keep(comment: text)
    heading = .closed(text, kept: range)
    return range
  }

  private mutating func report(_ reason: ListProblem.Reason, column: Int = 1) {
    guard problems.count < limits.problems else { return }
    // Once is enough: every line behind it has the same problem.
    if case .tooManyEntries = reason, problems.contains(where: { $0.reason == reason }) { return }
    problems.append(ListProblem(file: file, line: line, column: column, reason: reason))
  }

  /// As it may be printed: one line, not too long.
  private static func shown(_ bytes: UnsafeBufferPointer<UInt8>) -> String {
    let scalars = String(decoding: bytes.prefix(60), as: UTF8.self).unicodeScalars.map { scalar in
      scalar.properties.generalCategory == .control ? "?" : String(scalar)
    }
    return scalars.joined() + (bytes.count > 60 ? "..." : "")
  }

  private static func lineEnd(in bytes: UnsafeBufferPointer<UInt8>, from start: Int) -> Int? {
    bytes[start...].firstIndex(of: UInt8(ascii: "\n"))
  }

  private static let byteOrderMark: [UInt8] = [0xEF, 0xBB, 0xBF]
}
