import Foundation
import Identity

/// A store in a temporary folder.
struct StoreFolder {
  let path: String

  static func with(_ body: (StoreFolder) async throws -> Void) async throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "store-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    try await body(StoreFolder(path: folder.path))
  }

  var database: String { path + "/flashgate.db" }

  func open() async throws -> KeyStore { try await KeyStore.open(database) }

  /// All bytes of all files.
  func bytes() throws -> Data {
    try FileManager.default.contentsOfDirectory(atPath: path).reduce(into: Data()) { all, name in
      all += try Data(contentsOf: URL(filePath: path + "/" + name))
    }
  }

  func permissions(of name: String) throws -> Int? {
    try FileManager.default.attributesOfItem(atPath: path + "/" + name)[.posixPermissions] as? Int
  }
}
