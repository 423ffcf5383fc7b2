/// Where the entries of a list stand and what is written beside them, in a few bytes each.
struct EntryPlaces: Sendable {
  /// A file and the number of its first entry.
  struct File: Sendable {
    let path: String
    let firstEntry: UInt32
  }

  /// A comment and the number of the first entry that has it; it holds up to the next run.
  private struct CommentRun: Sendable {
    let firstEntry: UInt32
    /// In `text`; nil for entries without comment. `0..<0` would do, but a nil says it.
    let bytes: Range<UInt32>?
  }

  private(set) var files: [File] = []
  private var lines: [UInt32] = []
  private var runs: [CommentRun] = []
  private var text: [UInt8] = []

  var count: Int { lines.count }
  var commentBytes: Int { text.count }

  mutating func begin(file: String) {
    files.append(File(path: file, firstEntry: UInt32(clamping: lines.count)))
  }

  /// Keeps a comment; the range is what ``add(line:comment:)`` wants.
  mutating func keep(comment: some Collection<UInt8>) -> Range<UInt32> {
    let start = UInt32(clamping: text.count)
    text.append(contentsOf: comment)
    return start..<UInt32(clamping: text.count)
  }

  mutating func add(line: Int, comment: Range<UInt32>?) {
    if comment != runs.last?.bytes {
      runs.append(CommentRun(firstEntry: UInt32(clamping: lines.count), bytes: comment))
    }
    lines.append(UInt32(clamping: line))
  }

  func line(of entry: UInt32) -> Int {
    lines.indices.contains(Int(entry)) ? Int(lines[Int(entry)]) : 0
  }

  func file(of entry: UInt32) -> String {
    files.last { $0.firstEntry <= entry }?.path ?? ""
  }

  func comment(of entry: UInt32) -> String? {
    var (low, count) = (0, runs.count)
    while count > 0 {
      let half = count / 2
      if runs[low + half].firstEntry <= entry {
        (low, count) = (low + half + 1, count - half - 1)
      } else {
        count = half
      }
    }
    guard low > 0, let bytes = runs[low - 1].bytes else { return nil }
    return String(decoding: text[Int(bytes.lowerBound)..<Int(bytes.upperBound)], as: UTF8.self)
  }
}
