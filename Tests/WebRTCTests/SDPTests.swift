import Foundation
import Testing

@testable import TestPeer
@testable import WebRTC

enum Offers {
  static let names = [
    "chromium-recvonly", "chromium-two", "chromium-data", "chromium-sendrecv", "firefox-recvonly", "firefox-two",
    "firefox-data", "firefox-sendrecv", "safari-recvonly", "aiortc-recvonly", "gstreamer-recvonly",
    "chromium-old-recvonly",
  ]

  static func text(_ name: String) throws -> String {
    let url = try #require(Bundle.module.url(forResource: name, withExtension: "sdp", subdirectory: "Offers"))
    return try String(contentsOf: url, encoding: .utf8)
  }

  static func read(_ name: String) throws -> SessionDescription {
    try SessionDescription(parsing: try self.text(name))
  }
}

@Suite struct SDPTests {
  private static let minimal = "v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\nm=audio 9 UDP/TLS/RTP/SAVPF 0\r\n"

  @Test(arguments: Offers.names) func everyAttributeSurvivesReadingAndWriting(name: String) throws {
    let text = try Offers.text(name)
    let offer = try SessionDescription(parsing: text)
    #expect(try SessionDescription(parsing: offer.text) == offer)
    let lines = text.split(whereSeparator: \.isNewline).filter { $0.hasPrefix("a=") || $0.hasPrefix("m=") }
    let written = offer.text.split(whereSeparator: \.isNewline).filter { $0.hasPrefix("a=") || $0.hasPrefix("m=") }
    #expect(lines.count == written.count)
    // A candidate's transport is lowered, and nothing else is changed.
    for (line, written) in zip(lines, written) { #expect(line.lowercased() == written.lowercased()) }
  }

  @Test func lineEndsMayLackTheCarriageReturn() throws {
    let text = Self.minimal.replacingOccurrences(of: "\r\n", with: "\n")
    #expect(try SessionDescription(parsing: text) == SessionDescription(parsing: Self.minimal))
  }

  @Test(arguments: [
    ("v=1\r\n", SDPFault.wrongVersion, 1),
    ("v=0\r\no=- x 1 IN IP4 0\r\n", .malformedOrigin, 2),
    ("v=0\r\ns=-\r\nm=audio 9 X 0\r\n", .missingOrigin, 3),
    (Self.minimal + "a=rtpmap:128 opus/48000\r\n", .malformedAttribute(name: "rtpmap"), 6),
    (Self.minimal + "a=rtpmap:1 opus\r\n", .malformedAttribute(name: "rtpmap"), 6),
    (Self.minimal + "a=fingerprint:sha-256 0G\r\n", .malformedAttribute(name: "fingerprint"), 6),
    (Self.minimal + "a=extmap:0 urn:x\r\n", .malformedAttribute(name: "extmap"), 6),
    (Self.minimal + "a=mid:\r\n", .malformedAttribute(name: "mid"), 6),
    (Self.minimal + "a=ssrc:4294967296 cname:x\r\n", .malformedAttribute(name: "ssrc"), 6),
    (Self.minimal + "m=audio 65536 X 0\r\n", .malformedMediaLine, 6),
    (Self.minimal + "hello\r\n", .notALine, 6),
    (Self.minimal + "x=1\r\n", .unexpectedLine(type: "x"), 6),
    (Self.minimal + "a=x\u{1}y\r\n", .notText, 6),
  ])
  func afaultNamesItsLine(text: String, fault: SDPFault, line: Int) {
    #expect(throws: WebRTCError.sdp(fault, line: line)) { try SessionDescription(parsing: text) }
  }

  @Test func limitsHoldAtTheNumberAndBreakAboveIt() throws {
    var reader = SDPReader()
    reader.maximumSections = 2
    _ = try reader.read(Self.minimal + "m=audio 9 X 0\r\n")
    #expect(throws: WebRTCError.sdp(.tooManySections(limit: 2), line: 7)) {
      try reader.read(Self.minimal + "m=audio 9 X 0\r\nm=audio 9 X 0\r\n")
    }
    reader = SDPReader()
    reader.maximumBytes = Self.minimal.utf8.count
    _ = try reader.read(Self.minimal)
    #expect(throws: WebRTCError.sdp(.tooLong(bytes: reader.maximumBytes + 1, limit: reader.maximumBytes), line: 0)) {
      try reader.read(Self.minimal + "\n")
    }
    reader = SDPReader()
    reader.maximumLineLength = 40
    _ = try reader.read(Self.minimal + "a=" + String(repeating: "x", count: 38) + "\r\n")
    #expect(throws: WebRTCError.sdp(.lineTooLong(bytes: 41, limit: 40), line: 6)) {
      try reader.read(Self.minimal + "a=" + String(repeating: "x", count: 39) + "\r\n")
    }
    reader = SDPReader()
    reader.maximumLines = 6
    _ = try reader.read(Self.minimal)
    #expect(throws: WebRTCError.sdp(.tooManyLines(limit: 6), line: 7)) { try reader.read(Self.minimal + "a=x\r\n") }
  }

  @Test func mutatedOffersDoNoHarm() throws {
    var random = SeededRandom(3)
    let samples = try ["firefox-recvonly", "aiortc-recvonly", "gstreamer-recvonly", "safari-recvonly"].map {
      Array(try Offers.text($0).utf8)
    }
    var answered = 0
    for round in 0..<10_000 {
      let text = String(decoding: random.mutated(samples[round % samples.count]), as: UTF8.self)
      guard let offer = try? SessionDescription(parsing: text) else { continue }
      var negotiation = Negotiation(
        fingerprint: Fingerprint(algorithm: "sha-256", digest: [1]), candidates: [], random: random)
      if (try? negotiation.answer(offer: offer, sending: [:])) != nil { answered += 1 }
    }
    #expect((1..<10_000).contains(answered))
  }
}
