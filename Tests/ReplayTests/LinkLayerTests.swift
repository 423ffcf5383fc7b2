import NIOCore
import Testing

@testable import Replay

@Suite struct LinkLayerTests {
  private static let ip: [UInt8] = [0x45, 1, 2, 3]
  private static let addresses = [UInt8](repeating: 9, count: 12)

  /// A link's header, and whether IP follows.
  private static let headers: [(LinkType, [UInt8], Bool)] = [
    (.raw, [], true), (.rawBSD, [], true), (.rawOpenBSD, [], true), (.ipv4, [], true), (.ipv6, [], true),
    (.null, [2, 0, 0, 0], true), (.loop, [0, 0, 0, 2], true),
    (.ethernet, addresses + [0x08, 0x00], true), (.ethernet, addresses + [0x86, 0xDD], true),
    (.ethernet, addresses + [0x81, 0x00, 0x00, 0x05, 0x08, 0x00], true),
    (.ethernet, addresses + [0x88, 0xA8, 0, 5, 0x81, 0x00, 0, 6, 0x86, 0xDD], true),
    (.ethernet, addresses + [0x08, 0x06], false),
    (.ethernet, addresses + [0x81, 0x00, 0, 1, 0x08, 0x06], false),
    (.linuxCooked, [0, 0, 3, 4] + [UInt8](repeating: 0, count: 10) + [0x08, 0x00], true),
    (.linuxCooked, [0, 0, 3, 4] + [UInt8](repeating: 0, count: 10) + [0x00, 0x04], false),
    (.linuxCooked2, [0x86, 0xDD] + [UInt8](repeating: 0, count: 18), true),
  ]

  @Test func headersOfEveryLinkComeOff() {
    for (link, header, isIP) in Self.headers {
      let packet = ByteBuffer(bytes: header + Self.ip)
      #expect(
        link.content(of: packet) == (isIP ? .ip(ByteBuffer(bytes: Self.ip)) : .other), "link \(link.rawValue)")
    }
  }

  @Test func aPacketThatEndsWithinItsHeaderIsTruncated() {
    for (link, header, _) in Self.headers where !header.isEmpty {
      for length in 0..<header.count {
        let content = link.content(of: ByteBuffer(bytes: header.prefix(length)))
        // A header without its type's last bytes may already have said that no IP follows.
        #expect(content == .truncated, "link \(link.rawValue), \(length) bytes")
      }
    }
  }

  @Test func tagsWithoutEndAreNothing() {
    let tag: [UInt8] = [0x81, 0x00, 0, 1]
    let four = Self.addresses + [tag, tag, tag, tag].flatMap { $0 } + [0x08, 0x00] + Self.ip
    #expect(LinkType.ethernet.content(of: ByteBuffer(bytes: four)) == .ip(ByteBuffer(bytes: Self.ip)))
    let five = Self.addresses + [tag, tag, tag, tag, tag].flatMap { $0 } + [0x08, 0x00] + Self.ip
    #expect(LinkType.ethernet.content(of: ByteBuffer(bytes: five)) == .other)
  }

  @Test func otherLinksAreNotRead() {
    #expect(LinkType(rawValue: 127).content(of: ByteBuffer(bytes: Self.ip)) == nil)
  }
}
