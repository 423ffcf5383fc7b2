import Foundation

/// Runs the ffmpeg program to make test material.
enum FFmpeg {
  struct Failure: Error { var status: Int32, arguments: [String] }

  static let path: String? = ["/usr/bin/ffmpeg", "/usr/local/bin/ffmpeg"]
    .first { FileManager.default.isExecutableFile(atPath: $0) }

  static var isInstalled: Bool { path != nil }

  /// The file that ffmpeg makes with `arguments`, its extension being `type`.
  static func make(_ arguments: [String], type: String = "flv", input: Data? = nil) throws -> Data {
    let folder = FileManager.default.temporaryDirectory
      .appendingPathComponent("media-tests-\(UUID().uuidString)", isDirectory: true)
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let output = folder.appendingPathComponent("output.\(type)")
    var all = ["-hide_banner", "-loglevel", "error", "-nostdin", "-y", "-bitexact"]
    if let input {
      let file = folder.appendingPathComponent("input.raw")
      try input.write(to: file)
      all += arguments.map { $0 == "INPUT" ? file.path : $0 }
    } else {
      all += arguments
    }
    let process = Process()
    process.executableURL = URL(fileURLWithPath: path ?? "/usr/bin/ffmpeg")
    process.arguments = all + [output.path]
    try process.run()
    process.waitUntilExit()
    guard process.terminationStatus == 0 else {
      throw Failure(status: process.terminationStatus, arguments: all)
    }
    return try Data(contentsOf: output)
  }
}
