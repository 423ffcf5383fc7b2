import Foundation
import NIOCore
import Testing

@testable import Replay

@Suite struct CaptureStoreTests {
  /// Runs with a file of these bytes.
  private func withFile(_ bytes: ByteBuffer, _ body: (String) throws -> Void) throws {
    let file = FileManager.default.temporaryDirectory.appending(path: "capture-\(UUID().uuidString)")
    try Data(bytes.readableBytesView).write(to: file)
    defer { try? FileManager.default.removeItem(at: file) }
    try body(file.path)
  }

  @Test func aWindowGivesTheSameOfAFileAsOfMemory() throws {
    let bytes = ByteBuffer(bytes: (0..<200_000).map { UInt8(truncatingIfNeeded: $0 * 7) })
    try withFile(bytes) { path in
      var file = CaptureWindow(try CaptureStore(path: path))
      var memory = CaptureWindow(CaptureStore(bytes))
      #expect(file.count == bytes.readableBytes && memory.count == bytes.readableBytes)
      for offset in [0, 1, 65_530, 65_536, 65_537, 3, 199_990, 199_999, 200_000, 200_001, -1] {
        for count in [0, 1, 4, 10, 70_000] {
          #expect(try file.bytes(at: offset, count: count) == memory.bytes(at: offset, count: count))
        }
        #expect(try file.integer(at: offset, as: UInt32.self) == memory.integer(at: offset, as: UInt32.self))
      }
      #expect(try file.bytes(at: 199_990, count: 10) == bytes.getSlice(at: 199_990, length: 10))
      #expect(try file.bytes(at: 199_990, count: 11) == nil)
    }
  }

  @Test func aFileThatIsCutWhileItIsReadEndsEarly() throws {
    try withFile(ByteBuffer(repeating: 1, count: 100_000)) { path in
      var window = CaptureWindow(try CaptureStore(path: path))
      truncate(path, 70_000)
      #expect(try window.bytes(at: 0, count: 70_000)?.readableBytes == 70_000)
      #expect(try window.bytes(at: 70_000, count: 1) == nil)
    }
  }

  @Test func whyAFileCannotBeHadIsSaid() throws {
    let folder = FileManager.default.temporaryDirectory.path
    #expect(throws: ReplayError.unreadable("no such file")) { try CaptureStore(path: "\(folder)/no/such/file") }
    #expect(throws: ReplayError.unreadable("it is a directory")) { try CaptureStore(path: folder) }
    // Root may read all there is.
    guard geteuid() != 0 else { return }
    try withFile(ByteBuffer()) { path in
      chmod(path, 0)
      #expect(throws: ReplayError.unreadable("no permission to read it")) { try CaptureStore(path: path) }
    }
  }
}
