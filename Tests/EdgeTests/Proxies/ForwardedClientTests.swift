import AccessPolicy
import HTTPTypes
import NIOCore
import Seeded
import Testing

@testable import Edge

@Suite struct ForwardedClientTests {
  private func address(_ text: String) throws -> SocketAddress { try SocketAddress(ipAddress: text, port: 0) }

  private func trust(_ field: ForwardedTrust.Field? = nil) throws -> ForwardedTrust {
    let ranges = try ["10.0.0.0/8", "2001:db8:a::/48"].map { try ListEntry(parsing: $0).range }
    return ForwardedTrust(proxies: TrustedProxies(ranges), field: field)
  }

  /// The client's address of a request with these field lines.
  private func client(
    _ lines: [(String, String)], peer: String = "10.0.0.1", field: ForwardedTrust.Field? = nil
  ) throws -> String? {
    try find(lines, peer: peer, field: field).address.ipAddress
  }

  private func find(
    _ lines: [(String, String)], peer: String = "10.0.0.1", field: ForwardedTrust.Field? = nil
  ) throws -> ForwardedClient {
    var fields = HTTPFields()
    for (name, value) in lines {
      fields.append(HTTPField(name: try #require(HTTPField.Name(name)), value: value))
    }
    return try ForwardedClient.find(in: fields, peer: try address(peer), trust: try trust(field))
  }

  @Test(arguments: [
    ("192.0.2.1", "192.0.2.1"),
    ("6.6.6.6, 192.0.2.1", "192.0.2.1"),
    ("192.0.2.1, 10.9.9.9", "192.0.2.1"),
    ("6.6.6.6, 192.0.2.1, 10.9.9.9, 10.0.0.2", "192.0.2.1"),
    ("10.1.1.1, 10.2.2.2", "10.1.1.1"),
    ("192.0.2.1:40000", "192.0.2.1"),
    ("2001:db8::1", "2001:db8::1"),
    ("[2001:db8::1]:443", "2001:db8::1"),
    ("192.0.2.1,, 10.9.9.9 ,", "192.0.2.1"),
    ("garbage, 192.0.2.1", "192.0.2.1"),
    ("::ffff:192.0.2.1", "192.0.2.1"),
    ("192.0.2.1, ::ffff:10.9.9.9", "192.0.2.1"),
    ("192.0.2.1, 2001:db8:a::5", "192.0.2.1"),
    ("", "10.0.0.1"),
  ])
  func nearestUntrustedHopOfTheListIsTheClient(value: String, expected: String) throws {
    #expect(try client([("X-Forwarded-For", value)]) == expected)
  }

  @Test(arguments: [
    ("for=192.0.2.1", "192.0.2.1"),
    ("For=\"192.0.2.1:4711\";proto=https;by=10.0.0.1", "192.0.2.1"),
    ("for=6.6.6.6, for=192.0.2.1", "192.0.2.1"),
    ("for=192.0.2.1;host=\"a,b;c\" , for=10.9.9.9", "192.0.2.1"),
    ("for=\"[2001:db8:cafe::17]:4711\"", "2001:db8:cafe::17"),
    ("for=\"[2001:db8:cafe::17]:_port\"", "2001:db8:cafe::17"),
    ("proto=http; for=\"192.0.\\2.1\"", "192.0.2.1"),
    (",for=192.0.2.1,", "192.0.2.1"),
    ("for=unknown, for=192.0.2.1", "192.0.2.1"),
  ])
  func nearestUntrustedHopOfForwardedIsTheClient(value: String, expected: String) throws {
    #expect(try client([("Forwarded", value)]) == expected)
  }

  @Test func linesOfOneFieldAreOneListInTheirOrder() throws {
    let lines = [
      ("X-Forwarded-For", "6.6.6.6"), ("X-Forwarded-For", "192.0.2.1, 10.1.1.1"), ("X-Forwarded-For", "10.2.2.2"),
    ]
    #expect(try client(lines) == "192.0.2.1")
  }

  @Test func aLineBeforeTheClientsHopIsNotEvenRead() throws {
    #expect(try client([("Forwarded", "for=\"unclosed"), ("Forwarded", "for=192.0.2.1")]) == "192.0.2.1")
    #expect(throws: ForwardedError.syntax) {
      try client([("Forwarded", "for=\"unclosed"), ("Forwarded", "for=10.9.9.9")])
    }
  }

  @Test(arguments: [
    ("X-Forwarded-For", "192.0.2.1, nonsense", ForwardedError.hop(.xForwardedFor)),
    ("X-Forwarded-For", "192.0.2.1, unknown", .hop(.xForwardedFor)),
    ("X-Forwarded-For", "192.0.2.1:70000", .hop(.xForwardedFor)),
    ("X-Forwarded-For", "[2001:db8::1", .hop(.xForwardedFor)),
    ("X-Forwarded-For", "192.0.2.1 6.6.6.6", .hop(.xForwardedFor)),
    ("Forwarded", "for=unknown", .hop(.forwarded)),
    ("Forwarded", "for=_hidden", .hop(.forwarded)),
    ("Forwarded", "by=10.0.0.1", .hop(.forwarded)),
    ("Forwarded", "for=2001:db8::1", .syntax),
    ("Forwarded", "for=\"2001:db8::1\"", .hop(.forwarded)),
    ("Forwarded", "for=\"192.0.2.1", .syntax),
    ("Forwarded", "for=192.0.2.1;for=6.6.6.6", .syntax),
    ("Forwarded", "for=192.0.2.1 for=6.6.6.6", .syntax),
    ("Forwarded", "for =192.0.2.1", .syntax),
    ("Forwarded", "for=6.6.6.6;x=\", for=192.0.2.1", .syntax),
    ("Forwarded", "for=192.0.2.1;", .syntax),
  ])
  func whatATrustedProxyWritesMustBeUnderstood(name: String, value: String, error: ForwardedError) {
    #expect(throws: error) { try client([(name, value)]) }
  }

  @Test func fieldsOfStrangersChangeNothingAndAreTold() throws {
    let lines = [("X-Forwarded-For", "6.6.6.6"), ("Forwarded", "for=\"broken")]
    let found = try find(lines, peer: "192.0.2.9")
    #expect(found.address == (try address("192.0.2.9")))
    #expect(found.ignored == [.xForwardedFor, .forwarded])
    #expect(found.told == nil)
    var fields = HTTPFields()
    fields[.accept] = "*/*"
    let untrusting = try ForwardedClient.find(in: fields, peer: try address("10.0.0.1"), trust: nil)
    #expect(untrusting == ForwardedClient(address: try address("10.0.0.1")))
  }

  @Test func theFieldThatProxiesDoNotSetChangesNothing() throws {
    let lines = [("X-Forwarded-For", "192.0.2.1"), ("Forwarded", "for=6.6.6.6")]
    let byList = try find(lines, field: .xForwardedFor)
    #expect(byList.address.ipAddress == "192.0.2.1")
    #expect(byList.ignored == [.forwarded])
    #expect(try client(lines, field: .forwarded) == "6.6.6.6")
  }

  @Test func twoFieldsThatDisagreeAreRefusedUnlessOneIsNamed() throws {
    #expect(throws: ForwardedError.contradiction) {
      try client([("X-Forwarded-For", "192.0.2.1"), ("Forwarded", "for=6.6.6.6")])
    }
    #expect(
      try client([("X-Forwarded-For", "192.0.2.1:1"), ("Forwarded", "for=\"192.0.2.1:2\", for=10.0.0.7")])
        == "192.0.2.1")
  }

  @Test func hopsAreCounted() throws {
    let proxies = Array(repeating: "10.0.0.2", count: ForwardedClient.maximumHops - 1)
    #expect(try client([("X-Forwarded-For", (["192.0.2.1"] + proxies).joined(separator: ","))]) == "192.0.2.1")
    #expect(throws: ForwardedError.tooManyHops(limit: ForwardedClient.maximumHops)) {
      try client([("X-Forwarded-For", (["192.0.2.1", "10.0.0.2"] + proxies).joined(separator: ","))])
    }
  }

  @Test func noFieldMakesTheReaderTrap() throws {
    var random = SeededGenerator(seed: 7239)
    let valid = Array("for=\"[2001:db8:a::17]:4711\";proto=http, for=192.0.2.1;by=10.0.0.1, for=10.0.0.2".utf8)
    var found = 0
    for _ in 0..<3_000 {
      let bytes = Array(ByteBuffer(bytes: valid).mutated(using: &random).readableBytesView)
      let text = String(decoding: bytes, as: UTF8.self)
      for name in ["Forwarded", "X-Forwarded-For"] {
        if (try? find([(name, text)])) != nil { found += 1 }
      }
    }
    #expect(found > 100)
  }
}
