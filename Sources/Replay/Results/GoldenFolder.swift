import Foundation

/// A folder with golden results, a text file for each session: `NAME.txt`.
public struct GoldenFolder: Sendable {
  private let folder: URL
  private let tolerance: ResultTolerance

  /// - Parameter path: the folder; it need not be there before something is written.
  public init(path: String, tolerance: ResultTolerance = ResultTolerance()) {
    folder = URL(filePath: path, directoryHint: .isDirectory)
    self.tolerance = tolerance
  }

  /// The outcome with its golden result and in what it differs. A golden result that is missing, or cannot be read, is a
  /// difference.
  public func compared(_ outcome: SessionOutcome) -> SessionOutcome {
    var outcome = outcome
    let first = outcome.result.conversation.first?.place
    do throws(ReplayError) {
      guard let golden = try read(outcome.result.name) else {
        let file = file(of: outcome.result.name).lastPathComponent
        outcome.differences = [
          ResultDifference(
            subject: .goldenMissing, expected: nil, got: "a session, but there is no \(file)", place: first)
        ]
        return outcome
      }
      outcome.golden = golden
      outcome.differences =
        ResultComparison(expected: golden, got: outcome.result, tolerance: tolerance).differences
    } catch {
      outcome.differences = [
        ResultDifference(subject: .goldenUnreadable, expected: "\(error)", got: nil, place: first)
      ]
    }
    return outcome
  }

  /// Makes the result at hand the golden one. One that is the same within the tolerance keeps its file as it is, so that
  /// another version of a codec does not change them all.
  /// - Returns: whether the file changed.
  /// - Throws: ``ReplayError/unwritable(_:)``.
  public func update(_ outcome: SessionOutcome) throws(ReplayError) -> Bool {
    guard compared(outcome).differs else { return false }
    let file = file(of: outcome.result.name)
    do {
      try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
      try Data(outcome.result.text.utf8).write(to: file, options: .atomic)
    } catch {
      throw .unwritable("\(file.path): \(error.localizedDescription)")
    }
    return true
  }

  /// Nil when there is none.
  private func read(_ name: String) throws(ReplayError) -> SessionResult? {
    let file = file(of: name)
    guard FileManager.default.fileExists(atPath: file.path) else { return nil }
    let bytes: Data
    do {
      bytes = try Data(contentsOf: file)
    } catch {
      throw .unreadable("\(file.path): \(error.localizedDescription)")
    }
    guard bytes.count <= Self.longestFile, let text = String(validating: bytes, as: UTF8.self) else {
      throw .badResult(line: 1, "no UTF-8, or more than \(Self.longestFile) bytes")
    }
    return try SessionResult(text: text)
  }

  /// The name of a session is that of a file, but for what could lead out of the folder.
  private func file(of name: String) -> URL {
    folder.appending(path: name.replacing("/", with: "_") + ".txt", directoryHint: .notDirectory)
  }

  private static let longestFile = 64 << 20
}
