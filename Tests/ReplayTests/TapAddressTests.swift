import NIOCore
import Testing

@testable import Replay

@Suite struct TapAddressTests {
  @Test(arguments: [
    ("127.0.0.1:1935", "127.0.0.1", 1935), ("old.example.org", "old.example.org", 1935), ("[::1]:80", "::1", 80),
    ("[2001:db8::1]", "2001:db8::1", 1935), (":1936", "::", 1936), ("rtmp://old/live/room", "old", 1935),
    ("RTMP://old:1940/live", "old", 1940), ("localhost:0", "localhost", 0),
  ])
  func addressesAreReadAsTheyAreWritten(text: String, host: String, port: Int) throws {
    let address = try #require(TapAddress(text))
    #expect(address.host == host && address.port == port)
    #expect(TapAddress(address.description) == address)
  }

  @Test(arguments: [
    "", ":", "host:", "host:x", "host:65536", "host:-1", "::1:80", "[::1", "[::1]x", "[host]:1", "a b:1",
    "http://old:1",
    "host:١",
  ])
  func whatIsNoAddressIsRefused(text: String) { #expect(TapAddress(text) == nil) }
}

@Suite struct RecordingFileTests {
  @Test func aFileThatCannotBeWrittenIsRefusedAtOnce() {
    let header = PcapNGWriter.header(application: "test", comment: "")
    #expect(throws: RecordingFile.Failure(description: "/dev/full: No space left on device")) {
      _ = try RecordingFile(path: "/dev/full", header: header) { _ in }
    }
    #expect(throws: RecordingFile.Failure(description: "/nowhere/x: No such file or directory")) {
      _ = try RecordingFile(path: "/nowhere/x", header: header) { _ in }
    }
  }
}
