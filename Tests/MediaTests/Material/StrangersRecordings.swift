import Foundation

/// Recordings made by other tools, in a folder that the environment names.
enum StrangersRecordings {
  static let folder = ProcessInfo.processInfo.environment["FLASHGATE_MEDIA"]

  static var arePresent: Bool { folder != nil }

  static func read(_ name: String) throws -> Recording {
    Recording(flv: try Data(contentsOf: URL(fileURLWithPath: folder ?? "").appendingPathComponent(name)))
  }
}
