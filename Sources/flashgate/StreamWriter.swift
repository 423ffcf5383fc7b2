import ArgumentParser
import Foundation
import Media
import NIOCore
import Replay

/// What `flashgate inspect --extract` writes streams as.
enum StreamFormat: String, ExpressibleByArgument, CaseIterable {
  /// As it came.
  case flv
  case mkv
  case mp4
  case wav

  /// Nil for FLV, which needs no other hand.
  var container: ContainerFormat? { ContainerFormat(rawValue: rawValue) }
}

/// Writes the streams of a capture's sessions into a directory.
struct StreamWriter {
  let directory: URL
  let format: StreamFormat
  /// Whether every stream could be written.
  private(set) var isComplete = true

  init(directory: URL, format: StreamFormat) throws {
    self.directory = directory
    self.format = format
    try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
  }

  /// `1-client-1.flv`: session, side, message stream.
  mutating func write(_ session: RecordedSession, number: Int) throws {
    for stream in try StreamExtraction(session).streams {
      let name = "\(number)-\(stream.side)-\(stream.streamID)"
      let target = directory.appending(path: "\(name).\(format.rawValue)")
      guard let container = format.container else {
        try Data(stream.file.readableBytesView).write(to: target)
        report(target)
        continue
      }
      try convert(stream, name: name, to: target, as: container)
    }
  }

  private mutating func convert(
    _ stream: StreamExtraction.Stream, name: String, to target: URL, as container: ContainerFormat
  ) throws {
    let passing = directory.appending(path: ".\(name).flv")
    try Data(stream.file.readableBytesView).write(to: passing)
    defer { try? FileManager.default.removeItem(at: passing) }
    do throws(ContainerError) {
      try StreamFile.write(flv: passing.path, to: target.path, as: container)
      report(target)
    } catch {
      // What was begun is no file.
      try? FileManager.default.removeItem(at: target)
      isComplete = false
      StandardStreams.printError("\(target.path): not written: \(error)")
    }
  }

  private func report(_ file: URL) {
    let size = (try? file.resourceValues(forKeys: [.fileSizeKey]).fileSize) ?? 0
    StandardStreams.printError("\(file.path): \(size) bytes")
  }
}
