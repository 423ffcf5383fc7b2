import NIOCore
import Testing

@testable import Edge

@Suite struct FirstBytesTests {
  static let beginnings: [(bytes: [UInt8], meaning: FirstBytes)] = [
    ([0x03, 0x00, 0x00], .rtmp),
    ([0x04, 0x00], .rtmp),
    ([0x1F, 0x00], .rtmp),
    ([0x09, 0x00], .garbage),
    ([0x20, 0x00], .garbage),
    ([0x06, 0x11], .rtmpe(version: 6)),
    ([0x08, 0x11], .rtmpe(version: 8)),
    ([0x16, 0x03, 0x01, 0x02, 0x00], .tls),
    (Array("<policy-file-request/>\0".utf8), .policyRequest),
    (Array("GET / HTTP/1.1\r\n".utf8), .http),
    (Array("HEAD / HTTP/1.1\r\n".utf8), .http),
    (Array("POST /open/1 HTTP/1.1\r\n".utf8), .http),
    (Array("PUT / HTTP/1.1\r\n".utf8), .http),
    (Array("PATCH / HTTP/1.1\r\n".utf8), .http),
    (Array("DELETE / HTTP/1.1\r\n".utf8), .http),
    (Array("OPTIONS * HTTP/1.1\r\n".utf8), .http),
    (Array("TRACE / HTTP/1.1\r\n".utf8), .http),
    (Array("CONNECT a:1 HTTP/1.1\r\n".utf8), .http),
    (Array("PROXY TCP4 1.2.3.4 5.6.7.8 9 10\r\n".utf8), .proxyV1),
    ([0x0D, 0x0A, 0x0D, 0x0A, 0x00, 0x0D, 0x0A, 0x51, 0x55, 0x49, 0x54, 0x0A, 0x21], .proxyV2),
    (Array("SSH-2.0-x\r\n".utf8), .garbage),
    (Array("EHLO host\r\n".utf8), .garbage),
    (Array("PRI * HTTP/2.0\r\n".utf8), .garbage),
    (Array("PROXIMA".utf8), .garbage),
    (Array("GETTER".utf8), .garbage),
    (Array("get / HTTP/1.1".utf8), .garbage),
    ([0x0D, 0x0A, 0x0D, 0x0A, 0x00, 0x0D, 0x0A, 0x51, 0x55, 0x49, 0x54, 0x0B], .garbage),
    // A binding request of 88 bytes behind its header, in a frame (RFC 4571) of 108.
    ([0x00, 0x6C, 0x00, 0x01, 0x00, 0x58, 0x21, 0x12, 0xA4, 0x42, 0x01], .ice),
    ([0x02, 0x14, 0x00, 0x01, 0x02, 0x00, 0x21, 0x12, 0xA4, 0x42, 0x01], .ice),
    ([0x00, 0x6C, 0x00, 0x01, 0x00, 0x58, 0x21, 0x12, 0xA4, 0x43], .garbage),
    ([0x00, 0x6D, 0x00, 0x01, 0x00, 0x58, 0x21, 0x12, 0xA4, 0x42], .garbage),
    ([0x00, 0x6E, 0x00, 0x01, 0x00, 0x5A, 0x21, 0x12, 0xA4, 0x42], .garbage),
    ([0x00, 0x6C, 0x80, 0x01, 0x00, 0x58, 0x21, 0x12, 0xA4, 0x42], .garbage),
    ([0x00, 0x00, 0x00, 0x00, 0x00, 0x00], .garbage),
    ([0xFF], .garbage),
  ]

  @Test(arguments: beginnings) func beginningIsJudgedTheSameHoweverMuchFollows(bytes: [UInt8], meaning: FirstBytes) {
    // Nothing, then undecided, then one meaning for good.
    let judgements = (0...bytes.count).map { FirstBytes.judge(bytes.prefix($0)) }
    let first = judgements.firstIndex { $0 != nil }
    #expect(judgements[0] == nil)
    #expect(first.map { $0 <= FirstBytes.longestToken } == true)
    for judgement in judgements[(first ?? 0)...] { #expect(judgement == meaning) }
  }

  @Test func everyFirstByteIsKnownOrAPrefixOrGarbage() {
    for byte in UInt8.min...UInt8.max {
      let judged = FirstBytes.judge([byte])
      switch byte {
      case 0x03: #expect(judged == .rtmp)
      case 0x06, 0x08: #expect(judged == .rtmpe(version: byte))
      case 0x16: #expect(judged == .tls)
      case 0x3C: #expect(judged == .policyRequest)
      case 0x00...0x02, 0x0D: #expect(judged == nil)
      case 0x04...0x1F where byte != 0x09: #expect(judged == .rtmp)
      case _ where "GHPDOCT".utf8.contains(byte): #expect(judged == nil)
      default: #expect(judged == .garbage)
      }
    }
  }

  @Test func listenerServesOnlyWhatItAccepts() throws {
    let address = try SocketAddress(ipAddress: "127.0.0.1", port: 0)
    let id = ListenerID(rawValue: "x")
    let plain = ListenerConfiguration(id: id, address: address, accept: [.rtmp, .policy, .rtmpt])
    #expect(plain.decision(for: .rtmp, encrypted: false) == .serve(.rtmp))
    #expect(plain.decision(for: .rtmpe(version: 6), encrypted: false) == .refuse(.notAccepted(.rtmpe(version: 6))))
    #expect(plain.decision(for: .http, encrypted: false) == .serve(.rtmpt))
    #expect(plain.decision(for: .tls, encrypted: false) == .refuse(.notAccepted(.tls)))
    #expect(plain.decision(for: .policyRequest, encrypted: false) == .serve(.policy))
    #expect(plain.decision(for: .proxyV1, encrypted: false) == .refuse(.notAccepted(.proxyV1)))
    #expect(plain.decision(for: .ice, encrypted: false) == .refuse(.notAccepted(.ice)))
    let ice = ListenerConfiguration(id: id, address: address, accept: [.ice])
    #expect(ice.decision(for: .ice, encrypted: false) == .serve(.ice))
    #expect(ice.decision(for: .ice, encrypted: true) == .refuse(.notAccepted(.ice)))
    #expect(plain.decision(for: .garbage, encrypted: false) == .refuse(.garbage))
    let secure = ListenerConfiguration(id: id, address: address, accept: [.https, .http, .rtmp])
    #expect(secure.decision(for: .http, encrypted: true) == .serve(.https))
    #expect(secure.decision(for: .rtmp, encrypted: true) == .refuse(.notAccepted(.rtmp)))
    #expect(secure.decision(for: .tls, encrypted: true) == .refuse(.notAccepted(.tls)))
  }
}
