import NIOCore
import Testing

@testable import Edge

@Suite struct TunnelAnswerWriterTests {
  private static let time = HTTPDate(seconds: 784_111_777)

  @Test(arguments: [([1], true), ([3, 0, 0xFF], true), ([], true), ([1], false)] as [([UInt8], Bool)])
  func anAnswerIsWhatTheEncoderWouldMakeOfIt(body: [UInt8], speaksHTTP11: Bool) {
    var writer = TunnelAnswerWriter()
    let bytes = writer.bytes(of: .init(body: ByteBuffer(bytes: body), speaksHTTP11: speaksHTTP11), at: Self.time)
    let keep = speaksHTTP11 ? "" : "Connection: keep-alive\r\n"
    let head =
      "HTTP/1.1 200 OK\r\nContent-Type: application/x-fcs\r\nCache-Control: no-cache\r\n"
      + "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\nContent-Length: \(body.count)\r\n\(keep)\r\n"
    #expect(Array(bytes.readableBytesView) == Array(head.utf8) + body)
  }

  @Test func theDateGoesOn() {
    var writer = TunnelAnswerWriter()
    let answer = UnreadAnswers.Answer(body: ByteBuffer(bytes: [1]), speaksHTTP11: true)
    let first = writer.bytes(of: answer, at: Self.time)
    #expect(writer.bytes(of: answer, at: Self.time) == first)
    let later = String(buffer: writer.bytes(of: answer, at: HTTPDate(seconds: Self.time.seconds + 1)))
    #expect(later.contains("Date: Sun, 06 Nov 1994 08:49:38 GMT\r\n"))
  }

  @Test func aBodyIsWholeWhateverItsLength() {
    var writer = TunnelAnswerWriter()
    let body = ByteBuffer(repeating: 7, count: 33_000)
    let bytes = writer.bytes(of: .init(body: body, speaksHTTP11: false), at: Self.time)
    #expect(bytes.getSlice(at: bytes.writerIndex - 33_000, length: 33_000) == body)
  }
}
