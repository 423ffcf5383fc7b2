import AccessPolicy
import Foundation
import Testing

@Suite struct ListFilesTests {
  private static func withFolder(_ body: (URL) throws -> Void) throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "lists-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    try body(folder)
  }

  @Test func aFolderIsAllItsFilesByName() throws {
    try Self.withFolder { folder in
      try "10.0.0.2 # second".write(to: folder.appending(path: "b.txt"), atomically: true, encoding: .utf8)
      try "10.0.0.1\n10.0.0.9".write(to: folder.appending(path: "a.txt"), atomically: true, encoding: .utf8)
      try "nonsense".write(to: folder.appending(path: ".hidden"), atomically: true, encoding: .utf8)
      try "nonsense".write(to: folder.appending(path: "a.txt~"), atomically: true, encoding: .utf8)
      let list = try AddressList.load([folder.path])
      #expect(list.files == [folder.path + "/a.txt", folder.path + "/b.txt"])
      #expect(list.count == 3)
      let entry = try #require(list.entries(covering: .v4(0x0A00_0002)).first)
      #expect(entry.place == folder.path + "/b.txt:1")
      #expect(entry.comment == "second")
    }
  }

  @Test func allThatIsWrongIsToldAtOnce() throws {
    try Self.withFolder { folder in
      let bad = folder.appending(path: "bad.txt")
      try "x\ny".write(to: bad, atomically: true, encoding: .utf8)
      let missing = folder.appending(path: "missing.txt").path
      let error = #expect(throws: ListProblems.self) { try AddressList.load([bad.path, missing]) }
      #expect(
        error?.problems.map { "\($0.file):\($0.line ?? 0)" } == ["\(bad.path):1", "\(bad.path):2", "\(missing):0"])
    }
  }

  @Test func aFileMayBeAsLargeAsTheLimitAndNoLarger() throws {
    try Self.withFolder { folder in
      let file = folder.appending(path: "l.txt")
      try "10.0.0.1\n".write(to: file, atomically: true, encoding: .utf8)
      var limits = ListLimits()
      limits.fileBytes = 9
      #expect(try AddressList.load([file.path], limits: limits).count == 1)
      limits.fileBytes = 8
      #expect(throws: ListProblems.self) { try AddressList.load([file.path], limits: limits) }
      limits.folderFiles = 0
      #expect(throws: ListProblems.self) { try AddressList.load([folder.path], limits: limits) }
    }
  }
}
