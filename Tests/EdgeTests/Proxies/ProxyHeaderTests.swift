import NIOCore
import Seeded
import Testing

@testable import Edge

@Suite struct ProxyHeaderTests {
  private static let signature: [UInt8] = [
    0x0D, 0x0A, 0x0D, 0x0A, 0x00, 0x0D, 0x0A, 0x51, 0x55, 0x49, 0x54, 0x0A,
  ]

  /// A header of version 2.
  private static func binary(_ command: UInt8, _ family: UInt8, _ rest: [UInt8], length: Int? = nil) -> [UInt8] {
    let length = length ?? rest.count
    return signature + [command, family, UInt8(length >> 8), UInt8(length & 0xFF)] + rest
  }

  private static let v4: [UInt8] = [192, 0, 2, 1, 198, 51, 100, 1, 0x9C, 0x40, 0x01, 0xBB]
  private static let v6: [UInt8] =
    [0x20, 0x01, 0x0D, 0xB8] + [UInt8](repeating: 0, count: 11) + [7] + [UInt8](repeating: 0, count: 15) + [1]
    + [0x9C, 0x40, 0x01, 0xBB]

  private static func client(_ ip: String, _ port: Int = 40_000) -> ProxyHeader.Origin {
    (try? SocketAddress(ipAddress: ip, port: port)).map { .client($0) } ?? .proxy(isLocal: true)
  }

  private static func version(of bytes: [UInt8]) -> ProxyHeader.Version { bytes.first == 0x0D ? .v2 : .v1 }

  private func read(_ bytes: [UInt8], limits: ProxyHeaderLimits = .init()) throws(ProxyHeaderError) -> ProxyHeader? {
    var buffer = ByteBuffer(bytes: bytes)
    return try ProxyHeader.read(Self.version(of: bytes), from: &buffer, limits: limits)
  }

  static let good: [(bytes: [UInt8], origin: ProxyHeader.Origin)] = [
    (Array("PROXY TCP4 192.0.2.1 198.51.100.1 40000 443\r\n".utf8), client("192.0.2.1")),
    (Array("PROXY TCP4 192.0.2.1 198.51.100.1 0 65535\r\n".utf8), client("192.0.2.1", 0)),
    (Array("PROXY TCP6 2001:db8::7 ::1 40000 443\r\n".utf8), client("2001:db8::7")),
    (
      // The longest that the specification knows but for UNKNOWN.
      Array(
        "PROXY TCP6 ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff 65535 65535\r\n"
          .utf8),
      client("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", 65535)
    ),
    (Array("PROXY UNKNOWN\r\n".utf8), .proxy(isLocal: false)),
    (Array("PROXY UNKNOWN 192.0.2.1 nonsense 1\r\n".utf8), .proxy(isLocal: false)),
    (Array(("PROXY UNKNOWN " + String(repeating: "f", count: 91) + "\r\n").utf8), .proxy(isLocal: false)),
    (binary(0x21, 0x11, v4), client("192.0.2.1")),
    (binary(0x21, 0x21, v6), client("2001:db8::7")),
    (binary(0x21, 0x11, v4 + [0x04, 0x00, 0x02, 0xAA, 0xBB, 0xEE, 0x00, 0x00]), client("192.0.2.1")),
    (binary(0x20, 0x00, []), .proxy(isLocal: true)),
    (binary(0x20, 0x11, v4), .proxy(isLocal: true)),
    (binary(0x20, 0xFF, [1, 2, 3]), .proxy(isLocal: true)),
    (binary(0x21, 0x00, [1, 2, 3]), .proxy(isLocal: false)),
    (binary(0x21, 0x31, [UInt8](repeating: 0x2F, count: 216)), .proxy(isLocal: false)),
  ]

  @Test(arguments: good)
  func headerIsReadFromEverySplitAndLeavesWhatFollows(bytes: [UInt8], origin: ProxyHeader.Origin) throws {
    for length in 0..<bytes.count {
      var part = ByteBuffer(bytes: bytes.prefix(length))
      #expect(try ProxyHeader.read(Self.version(of: bytes), from: &part, limits: .init()) == nil)
      #expect(part.readableBytes == length, "nothing is taken before the header is whole")
    }
    var whole = ByteBuffer(bytes: bytes + [3, 1, 2])
    let header = try ProxyHeader.read(Self.version(of: bytes), from: &whole, limits: .init())
    #expect(header?.origin == origin)
    #expect(Array(whole.readableBytesView) == [3, 1, 2])
  }

  @Test(arguments: [
    ("PROXY TCP4 192.0.2.1 198.51.100.1 40000\r\n", ProxyHeaderError.parts(found: 5)),
    ("PROXY TCP4 192.0.2.1  198.51.100.1 40000 443\r\n", .parts(found: 7)),
    ("PROXY TCP4 192.0.2.1 198.51.100.1 40000 443 \r\n", .parts(found: 7)),
    ("PROXY \r\n", .unknownProtocol),
    ("PROXY UDP4 192.0.2.1 198.51.100.1 40000 443\r\n", .unknownProtocol),
    ("PROXY TCP4 999.0.2.1 198.51.100.1 40000 443\r\n", .address),
    ("PROXY TCP4 192.0.2.01 198.51.100.1 40000 443\r\n", .address),
    ("PROXY TCP4 2001:db8::7 198.51.100.1 40000 443\r\n", .address),
    ("PROXY TCP4 192.0.2.1 host 40000 443\r\n", .address),
    ("PROXY TCP6 192.0.2.1 198.51.100.1 40000 443\r\n", .address),
    ("PROXY TCP4 192.0.2.1 198.51.100.1 65536 443\r\n", .port),
    ("PROXY TCP4 192.0.2.1 198.51.100.1 +1 443\r\n", .port),
    ("PROXY TCP4 192.0.2.1 198.51.100.1 040 443\r\n", .port),
    ("PROXY TCP4 192.0.2.1 198.51.100.1 40000 \r\n", .port),
    ("PROXY TCP4 192.0.2.1 198.51.100.1 40000 443\n", .endlessLine(length: 43)),
    ("PROXY UNKNOWN " + String(repeating: "f", count: 92) + "\r\n", .endlessLine(length: 107)),
  ])
  func malformedLineIsRefusedByItsRule(line: String, error: ProxyHeaderError) {
    #expect(throws: error) { try read(Array(line.utf8)) }
  }

  @Test(arguments: [
    (binary(0x11, 0x11, v4), ProxyHeaderError.version(1)),
    (binary(0x22, 0x11, v4), .command(2)),
    (binary(0x21, 0x12, v4), .family(0x12)),
    (binary(0x21, 0x41, v4), .family(0x41)),
    (binary(0x21, 0x11, Array(v4.dropLast())), .tooShort(length: 11, needed: 12)),
    (binary(0x21, 0x21, Array(v6.dropLast())), .tooShort(length: 35, needed: 36)),
    (binary(0x21, 0x31, [UInt8](repeating: 0, count: 215)), .tooShort(length: 215, needed: 216)),
    (binary(0x21, 0x11, v4 + [0x04, 0x00, 0x03, 1, 2]), .value(type: 4, length: 3, left: 2)),
    (binary(0x21, 0x11, v4 + [0x04, 0x00]), .value(type: 4, length: 0, left: 1)),
    (binary(0x21, 0x11, v4 + [0x20, 0x00, 0x02, 1, 0]), .value(type: 0x20, length: 1, left: 5)),
    (binary(0x21, 0x11, [], length: 4081), .tooLong(length: 4097, limit: 4096)),
  ])
  func malformedBinaryHeaderIsRefusedByItsRule(bytes: [UInt8], error: ProxyHeaderError) {
    #expect(throws: error) { try read(bytes) }
  }

  @Test func headerMayBeAsLongAsTheLimitAndIsRefusedOneByteBeyondBeforeItHasCome() throws {
    var limits = ProxyHeaderLimits()
    limits.bytes = 16 + 12 + 5
    let five: [UInt8] = [0xEE, 0, 2, 0, 0]
    #expect(try read(Self.binary(0x21, 0x11, Self.v4 + five), limits: limits) != nil)
    let beyond = Self.binary(0x21, 0x11, Self.v4 + five + [0])
    #expect(throws: ProxyHeaderError.tooLong(length: 34, limit: 33)) {
      try read(Array(beyond.prefix(16)), limits: limits)
    }
  }

  @Test func addedValuesAreCountedNestedOnesToo() throws {
    let value: [UInt8] = [0xEE, 0, 0]
    let header = Self.binary(0x21, 0x11, Self.v4 + (0..<64).flatMap { _ in value })
    #expect(try read(header) != nil)
    let more = Self.binary(0x21, 0x11, Self.v4 + (0..<65).flatMap { _ in value })
    #expect(throws: ProxyHeaderError.tooManyValues(limit: 64)) { try read(more) }
    let nested: [UInt8] = (0..<64).flatMap { _ in value }
    let tls: [UInt8] = [0x20, 0, UInt8(5 + nested.count), 1, 0, 0, 0, 0] + nested
    #expect(throws: ProxyHeaderError.tooManyValues(limit: 64)) { try read(Self.binary(0x21, 0x11, Self.v4 + tls)) }
  }

  /// RFC 3720, appendix B.4.
  private static let vectors: [(bytes: [UInt8], sum: UInt32)] = [
    ([UInt8](repeating: 0, count: 32), 0x8A91_36AA), ([UInt8](repeating: 0xFF, count: 32), 0x62A8_AB43),
    ([UInt8](0..<32), 0x46DD_794E), ([UInt8]((0..<32).reversed()), 0x113F_DB5C), ([], 0),
  ]

  @Test(arguments: vectors) func checksumIsThatOfTheVectors(bytes: [UInt8], sum: UInt32) {
    #expect(CRC32C.checksum(of: bytes) == sum)
  }

  @Test func aHeaderThatIsNotWhatItsChecksumSaysIsRefused() throws {
    func header(_ sum: UInt32, length: UInt8 = 4) -> [UInt8] {
      let bytes = withUnsafeBytes(of: sum.bigEndian) { Array($0.prefix(Int(length))) }
      return Self.binary(0x21, 0x11, Self.v4 + [0x04, 0, 1, 9, 0x03, 0, length] + bytes + [0xEE, 0, 1, 7])
    }
    let sum = CRC32C.checksum(of: header(0))
    #expect(try read(header(sum))?.origin == Self.client("192.0.2.1"))
    #expect(throws: ProxyHeaderError.checksum(stated: sum ^ 1, computed: sum)) { try read(header(sum ^ 1)) }
    var other = header(sum)
    other[19] ^= 1
    #expect(throws: ProxyHeaderError.self) { try read(other) }
    #expect(throws: ProxyHeaderError.value(type: 3, length: 3, left: 4)) { try read(header(sum, length: 3)) }
  }

  @Test func tlsInFrontIsTold() throws {
    func tls(client: UInt8, verify: UInt8) -> [UInt8] {
      let version: [UInt8] = [0x21, 0, 7] + Array("TLSv1.2".utf8)
      let name: [UInt8] = [0x22, 0, 5] + Array("alice".utf8)
      let body = [client, 0, 0, 0, verify] + version + name
      return Self.binary(0x21, 0x11, Self.v4 + [0x20, 0, UInt8(body.count)] + body)
    }
    #expect(
      try read(tls(client: 7, verify: 0))?.tls
        == ProxyHeader.FrontTLS(version: "TLSv1.2", commonName: "alice", isVerified: true))
    #expect(try read(tls(client: 3, verify: 1))?.tls?.isVerified == false)
    #expect(try read(tls(client: 1, verify: 0))?.tls?.isVerified == false)
    #expect(try read(tls(client: 0, verify: 0))?.tls == nil)
  }

  @Test func noBytesMakeTheReaderTrapOrTakeMoreThanThereIs() {
    var random = SeededGenerator(seed: 58)
    var read = 0
    for (bytes, _) in Self.good {
      for _ in 0..<400 {
        var buffer = ByteBuffer(bytes: bytes).mutated(using: &random)
        let before = buffer.readableBytes
        let version = Self.version(of: bytes)
        // The caller has seen the signature.
        guard FirstBytes.judge(buffer.readableBytesView.prefix(12)) == (version == .v1 ? .proxyV1 : .proxyV2) else {
          continue
        }
        let header = try? ProxyHeader.read(version, from: &buffer, limits: .init())
        if header != nil { read += 1 }
        #expect(header != nil || buffer.readableBytes == before)
      }
    }
    #expect(read > 100)
  }
}
