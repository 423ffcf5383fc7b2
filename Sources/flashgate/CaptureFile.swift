import Foundation
import NIOCore
import Replay

/// A capture on disk, read for a verb of the command line.
struct CaptureFile {
  let path: String
  let contents: CaptureContents

  /// Far above any recording that is worth looking at.
  private static let longestFile = 1 << 30

  /// Reads the file and tells on standard error what in it could not be taken.
  /// - Throws: ``Unreadable``, also when no session is in it.
  init(path: String) throws {
    self.path = path
    do throws(ReplayError) {
      contents = try CaptureContents(reading: try Self.bytes(of: path))
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

  private static func bytes(of path: String) throws(ReplayError) -> ByteBuffer {
    do {
      let file = URL(filePath: path)
      guard let size = try file.resourceValues(forKeys: [.fileSizeKey]).fileSize, size <= longestFile else {
        throw ReplayError.unreadable("larger than \(longestFile) bytes, or no file")
      }
      return ByteBuffer(bytes: try Data(contentsOf: file))
    } catch let error as ReplayError {
      throw error
    } catch {
      throw .unreadable(error.localizedDescription)
    }
  }

  /// A capture that cannot be taken, by name.
  struct Unreadable: Error, CustomStringConvertible {
    let path: String
    let reason: ReplayError

    var description: String { "\(path): \(reason)" }
  }
}
