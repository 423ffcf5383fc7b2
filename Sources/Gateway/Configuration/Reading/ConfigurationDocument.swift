import Yams

/// The text of a configuration file as a tree whose nodes know their places.
enum ConfigurationDocument {
  /// Largest configuration file in bytes.
  static let maximumSize = 1 << 20
  /// How many repeated keys are found before giving up.
  private static let maximumRepeats = 100

  /// Parses `text`. A mapping that gives a key twice stops the parser, so the first of the two is blanked and the text
  /// parsed again: all other problems are found too.
  static func compose(_ text: String, reader: ConfigurationReader) throws(ConfigurationError) -> ConfigurationValue {
    // The mark that some editors put before UTF-8 takes no column.
    var text = text.unicodeScalars.first == "\u{FEFF}" ? String(text.unicodeScalars.dropFirst()) : text
    for repeats in 0..<maximumRepeats {
      do {
        guard let node = try Yams.compose(yaml: text) else {
          throw ConfigurationError(
            at: SourcePosition(file: reader.file), "the file is empty: start with `listeners:` and `rooms:`")
        }
        return ConfigurationValue(node: node, reader: reader)
      } catch let error as ConfigurationError {
        throw error
      } catch YamlError.duplicatedKeysInMapping(let names, let context) {
        let name = names.first ?? ""
        guard let blanked = blank(name, at: context.mark, in: text, number: repeats) else {
          throw ConfigurationError(
            at: reader.position(context.mark), "the key \(quoted(name)) is given twice in one section: remove one")
        }
        text = blanked.text
        reader.blankedKeys[blanked.key] = name
      } catch let error as YamlError {
        throw ConfigurationError(problems: [problem(error, reader: reader)])
      } catch {
        throw ConfigurationError(at: SourcePosition(file: reader.file), "not YAML: \(error)")
      }
    }
    throw ConfigurationError(
      at: SourcePosition(file: reader.file), "more than \(maximumRepeats) keys are given twice: remove the second ones")
  }

  /// Writes characters of the private use area over a key, as many as it has, so that no other place moves.
  private static func blank(
    _ name: String, at mark: Mark, in text: String, number: Int
  ) -> (text: String, key: String)? {
    var scalars = Array(text.unicodeScalars)
    var start = 0
    for _ in 1..<max(mark.line, 1) {
      guard let end = scalars[start...].firstIndex(of: "\n") else { return nil }
      start = end + 1
    }
    start += mark.column - 1
    if scalars.indices.contains(start), scalars[start] == "\"" || scalars[start] == "'" { start += 1 }
    let wanted = Array(name.unicodeScalars)
    let end = start + wanted.count
    guard !wanted.isEmpty, end <= scalars.count, Array(scalars[start..<end]) == wanted,
      let filler = Unicode.Scalar(0xE000 + UInt32(number))
    else { return nil }
    var key = String.UnicodeScalarView()
    for index in start..<end {
      scalars[index] = filler
      key.append(filler)
    }
    var result = String.UnicodeScalarView()
    result.append(contentsOf: scalars)
    return (String(result), String(key))
  }

  private static func problem(_ error: YamlError, reader: ConfigurationReader) -> ConfigurationProblem {
    switch error {
    case .scanner(let context, let problem, let mark, _), .parser(let context, let problem, let mark, _),
      .composer(let context, let problem, let mark, _):
      var text = problem
      if let context { text += " (\(context.text) at line \(context.mark.line))" }
      return ConfigurationProblem(
        at: reader.position(mark), "not YAML: \(text): correct it; texts with : # [ { need quotes")
    case .reader(let problem, _, _, _):
      return ConfigurationProblem(
        at: SourcePosition(file: reader.file), "not YAML: \(problem): save the file as UTF-8 text")
    default:
      return ConfigurationProblem(at: SourcePosition(file: reader.file), "not YAML: \(error)")
    }
  }
}
