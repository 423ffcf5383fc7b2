/// A mapping of the configuration whose keys were checked.
struct ConfigurationSection {
  struct Entry {
    let name: String
    let position: SourcePosition
    let value: ConfigurationValue
  }

  /// False if there stood something else than a mapping; that has been reported.
  let isReadable: Bool
  let entries: [Entry]
  private let position: SourcePosition
  private let reader: ConfigurationReader

  init(isReadable: Bool, entries: [Entry], position: SourcePosition, reader: ConfigurationReader) {
    self.isReadable = isReadable
    self.entries = entries
    self.position = position
    self.reader = reader
  }

  subscript(name: String) -> ConfigurationValue? {
    entries.first { $0.name == name }?.value
  }

  /// The value of a key without default; its lack is reported.
  func required(_ name: String, _ example: String) -> ConfigurationValue? {
    if let value = self[name] { return value }
    if isReadable {
      reader.report(ConfigurationProblem(at: position, "`\(name)` is missing here: add `\(example)`"))
    }
    return nil
  }

  /// Reports keys that mean nothing here, or not yet.
  func check(keys: [String], later: [String]) {
    for entry in entries where !keys.contains(entry.name) {
      let name = quoted(entry.name)
      let text: String
      if later.contains(entry.name) {
        text = "\(name) is not supported yet by this version: remove it"
      } else if let near = Spelling.nearest(to: entry.name, among: keys) {
        text = "unknown key \(name): did you mean `\(near)`?"
      } else {
        text = "unknown key \(name): known here are \(keys.joined(separator: ", "))"
      }
      reader.report(ConfigurationProblem(at: entry.position, text))
    }
  }
}

/// Finds what a misspelt key was meant to be.
enum Spelling {
  /// The word of four letters or more that is at most two of them away, or nil: shorter ones are near to everything.
  static func nearest(to word: String, among words: [String]) -> String? {
    // Long words are no misspellings, and the distance costs the product of both lengths.
    guard word.utf8.count <= 40 else { return nil }
    return words.map { ($0, distance($0, word)) }
      .filter { $0.0.utf8.count >= 4 && $0.1 <= 2 }
      .min { $0.1 < $1.1 }?.0
  }

  /// Insertions, removals and replacements of bytes from one word to the other.
  private static func distance(_ left: String, _ right: String) -> Int {
    let right = Array(right.utf8)
    var row = Array(0...right.count)
    for (i, a) in left.utf8.enumerated() {
      var diagonal = row[0]
      row[0] = i + 1
      for (j, b) in right.enumerated() {
        let replaced = diagonal + (a == b ? 0 : 1)
        diagonal = row[j + 1]
        row[j + 1] = min(replaced, diagonal + 1, row[j] + 1)
      }
    }
    return row[right.count]
  }
}
