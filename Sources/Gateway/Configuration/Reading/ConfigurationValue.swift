import Yams

/// One node of the configuration. Each reading method yields a value or reports what is wrong with it at its place.
struct ConfigurationValue {
  let node: Node
  let reader: ConfigurationReader

  var position: SourcePosition { reader.position(node.mark) }

  func problem(_ text: String) {
    reader.report(ConfigurationProblem(at: position, text))
  }

  /// A path written here, relative to the file's folder.
  func resolved(_ path: String) -> String { reader.resolve(path) }

  // MARK: Mappings and lists

  /// A mapping with these keys; a section left empty is a mapping without keys. Keys of later versions are told apart
  /// from misspelt ones.
  func section(keys: [String], later: [String] = []) -> ConfigurationSection {
    let section = sectionOfNames(like: "`\(keys.first ?? "key"): ...`")
    section.check(keys: keys, later: later)
    return section
  }

  /// A mapping whose keys are the operator's own names.
  func sectionOfNames(like example: String = "`NAME: ...`") -> ConfigurationSection {
    func section(_ isReadable: Bool, _ entries: [ConfigurationSection.Entry]) -> ConfigurationSection {
      ConfigurationSection(isReadable: isReadable, entries: entries, position: position, reader: reader)
    }
    if isEmptyScalar { return section(true, []) }
    guard let mapping = node.mapping else {
      problem("a section of keys is needed here, such as \(example), not \(kind)")
      return section(false, [])
    }
    var entries: [ConfigurationSection.Entry] = []
    var blanked: [String: SourcePosition] = [:]
    for (key, value) in mapping {
      let position = reader.position(key.mark)
      guard let name = key.scalar?.string else {
        reader.report(ConfigurationProblem(at: position, "a key must be a plain word: rewrite it"))
        continue
      }
      if let real = reader.blankedKeys[name] {
        blanked[real] = blanked[real] ?? position
        continue
      }
      if let first = blanked[name] {
        reader.report(
          ConfigurationProblem(at: position, "\(quoted(name)) is given twice, first at line \(first.line): remove one"))
      }
      entries.append(.init(name: name, position: position, value: ConfigurationValue(node: value, reader: reader)))
    }
    return section(true, entries)
  }

  /// The items of a list.
  func list(of what: String) -> [ConfigurationValue]? {
    guard let items = node.sequence else {
      problem("a list of \(what) is needed here, not \(kind)")
      return nil
    }
    return items.map { ConfigurationValue(node: $0, reader: reader) }
  }

  // MARK: Scalars

  var isScalar: Bool { node.scalar != nil }

  /// A text, quoted or not; not nothing.
  func text() -> String? {
    guard let scalar = node.scalar, !isEmptyScalar else {
      problem("a text is needed here, not \(kind)")
      return nil
    }
    return scalar.string
  }

  /// `true` or `false`. YAML's other words for them are refused: `no` is a country too.
  func boolean() -> Bool? {
    if let scalar = node.scalar, scalar.style == .plain {
      if scalar.string == "true" { return true }
      if scalar.string == "false" { return false }
    }
    problem("true or false is needed here, not \(kind)")
    return nil
  }

  /// A whole number within `range`.
  func integer(in range: ClosedRange<Int>, what: String) -> Int? {
    guard let scalar = node.scalar, scalar.style == .plain, isDecimal(scalar.string) else {
      problem("\(what) is needed here, a whole number from \(range.lowerBound) to \(range.upperBound), not \(kind)")
      return nil
    }
    guard let number = Int(scalar.string), range.contains(number) else {
      problem("\(scalar.string) is out of range: write \(what) from \(range.lowerBound) to \(range.upperBound)")
      return nil
    }
    return number
  }

  /// One word of a set.
  func choice(of words: [String]) -> String? {
    guard let text = text() else { return nil }
    if words.contains(text) { return text }
    if let near = Spelling.nearest(to: text, among: words) {
      problem("\(quoted(text)) is unknown here: did you mean `\(near)`?")
    } else {
      problem("\(quoted(text)) is unknown here: use one of \(words.joined(separator: ", "))")
    }
    return nil
  }

  /// A time with its unit, within `range`.
  func duration(in range: ClosedRange<Duration>) -> Duration? {
    guard let text = node.scalar?.string, let duration = Quantity.duration(text) else {
      problem("a duration with its unit is needed here, such as 250ms, 10s or 2h, not \(kind)")
      return nil
    }
    guard range.contains(duration) else {
      let (low, high) = (Quantity.text(range.lowerBound), Quantity.text(range.upperBound))
      problem("\(text) is out of range: write a duration from \(low) to \(high)")
      return nil
    }
    return duration
  }

  // MARK: What stands here, in words

  /// Nothing after the colon, `~` or `null`.
  private var isEmptyScalar: Bool {
    guard let scalar = node.scalar, scalar.style == .plain else { return false }
    return ["", "~", "null"].contains(scalar.string)
  }

  private var kind: String {
    switch node {
    case .mapping: "a section"
    case .sequence: "a list"
    case .scalar(let scalar): isEmptyScalar ? "nothing" : quoted(scalar.string, limit: 60)
    default: "an alias"
    }
  }

  private func isDecimal(_ text: String) -> Bool {
    let digits = text.hasPrefix("-") ? text.dropFirst() : text[...]
    return !digits.isEmpty && digits.utf8.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
  }
}

/// A text of the file as it is shown in a problem: in quotes, one line, not too long. The default lets any path through.
func quoted(_ text: String, limit: Int = 4096) -> String {
  let shown = text.unicodeScalars.prefix(limit).map { scalar in
    scalar.properties.generalCategory == .control ? "?" : String(scalar)
  }
  return "\"\(shown.joined())\(text.unicodeScalars.count > limit ? "..." : "")\""
}
