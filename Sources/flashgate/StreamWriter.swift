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
    let extraction = try StreamExtraction(session)
    let names = extraction.streams.map { "\(number)-\($0.side)-\($0.streamID)" }
    guard let container = format.container else {
      let targets = names.map { directory.appending(path: "\($0).flv") }
      try write(extraction, to: targets)
      return targets.forEach(report)
    }
    let passing = names.map { directory.appending(path: ".\($0).flv") }
    defer { for file in passing { try? FileManager.default.removeItem(at: file) } }
    try write(extraction, to: passing)
    for (name, file) in zip(names, passing) {
      convert(file, to: directory.appending(path: "\(name).\(format.rawValue)"), as: container)
    }
  }

  private func write(_ extraction: StreamExtraction, to targets: [URL]) throws {
    var files: [FileHandle] = []
    defer { for file in files { try? file.close() } }
    for target in targets {
      // Made anew, so that nothing of an earlier one stays.
      try Data().write(to: target)
      files.append(try FileHandle(forWritingTo: target))
    }
    try extraction.write { stream, bytes in try files[stream].write(contentsOf: Data(bytes.readableBytesView)) }
  }

  private mutating func convert(_ passing: URL, to target: URL, as container: ContainerFormat) {
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
