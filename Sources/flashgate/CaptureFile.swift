import Replay

/// A capture on disk, read for a verb of the command line.
struct CaptureFile {
  let path: String
  let contents: CaptureContents

  /// Reads the file and tells on standard error what in it could not be taken.
  /// - Parameters:
  ///   - path: of the capture.
  ///   - keyLog: the keys of TLS sessions in it, as `SSLKEYLOGFILE` has them.
  /// - Throws: ``Unreadable``, also when no session is in it.
  init(path: String, keyLog: String? = nil) throws {
    self.path = path
    do throws(ReplayError) {
      contents = try CaptureContents(path: path, keyLog: keyLog)
      for notice in contents.notices { StandardStreams.printError("\(path): \(notice)") }
      guard !contents.sessions.isEmpty else { throw .noSession }
    } catch {
      throw Unreadable(path: path, reason: error)
    }
  }

  /// A session's name for people.
  func name(of index: Int) -> String {
    contents.sessions.count == 1 ? path : "\(path) (\(index + 1) of \(contents.sessions.count))"
  }

  /// A capture that cannot be taken, by name.
  struct Unreadable: Error, CustomStringConvertible {
    let path: String
    let reason: ReplayError

    var description: String { "\(path): \(reason)" }
  }
}
