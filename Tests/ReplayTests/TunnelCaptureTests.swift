import NIOCore
import Testing

@testable import Replay
import Seeded

/// Tunnel requests of a client, as one or more connections of a capture.
struct TunnelTalk {
  /// One request and its answer.
  struct Exchange {
    var path: String
    var body: [UInt8]
    var answer: [UInt8]?
    var isChunked = false
    var status = "200 OK"
  }

  var file = CaptureWriter()
  private var sequences: [UInt16: (client: UInt32, server: UInt32)] = [:]
  private var time: Int64 = 1_000_000

  static let id = "cafebabecafebabecafebabecafebabe"

  /// The exchanges of ``Conversation``, its client's bytes in pieces of `size`.
  static func conversation(size: Int = 700) -> [Exchange] {
    var exchanges = [
      Exchange(path: "/fcs/ident2", body: [0], answer: Array("0.1".utf8), status: "404 Not Found"),
      Exchange(path: "/open/1", body: [0], answer: Array("\(id)\n".utf8)),
      Exchange(path: "/idle/\(id)/0", body: [0], answer: [1]),
    ]
    var server = Conversation.server[...]
    var number = 1
    for start in stride(from: 0, to: Conversation.client.count, by: size) {
      let piece = Conversation.client[start..<min(start + size, Conversation.client.count)]
      exchanges.append(
        Exchange(
          path: "/send/\(id)/\(number)", body: Array(piece), answer: [5] + server.prefix(size),
          isChunked: number % 2 == 0))
      server = server.dropFirst(size)
      number += 1
    }
    exchanges.append(Exchange(path: "/close/\(id)/\(number)", body: [0], answer: [0]))
    return exchanges
  }

  private mutating func say(_ bytes: [UInt8], port: UInt16, byServer: Bool) {
    let talker = Talker(fromPort: port, toPort: 80)
    if sequences[port] == nil {
      sequences[port] = (10, 20)
      file.packet(talker.says([], sequence: 9, flags: Talker.synchronize), at: time)
      file.packet(talker.answering.says([], sequence: 19, flags: Talker.synchronize), at: time)
    }
    guard let known = sequences[port] else { return }
    // Two segments each, so that messages lie across packets.
    for piece in [bytes.prefix(bytes.count / 2), bytes.suffix(bytes.count - bytes.count / 2)] where !piece.isEmpty {
      let offset = UInt32(piece.startIndex)
      time += 500
      file.packet(
        byServer
          ? talker.answering.says(piece, sequence: known.server &+ offset)
          : talker.says(piece, sequence: known.client &+ offset),
        at: time)
    }
    if byServer {
      sequences[port]?.server &+= UInt32(bytes.count)
    } else {
      sequences[port]?.client &+= UInt32(bytes.count)
    }
  }

  mutating func request(_ exchange: Exchange, port: UInt16 = 41_000) {
    var head = "POST \(exchange.path) HTTP/1.1\r\nHost: old\r\nContent-Type: application/x-fcs\r\n"
    var body = exchange.body
    if exchange.isChunked {
      head += "Transfer-Encoding: chunked\r\n\r\n"
      let half = body.count / 2
      let chunks = [Array(body.prefix(half)), Array(body.dropFirst(half))].filter { !$0.isEmpty }
      body = chunks.flatMap { Array("\(String($0.count, radix: 16));x=y\r\n".utf8) + $0 + Array("\r\n".utf8) }
      body += Array("0\r\n\r\n".utf8)
    } else {
      head += "Content-Length: \(body.count)\r\n\r\n"
    }
    say(Array(head.utf8) + body, port: port, byServer: false)
  }

  mutating func answer(_ exchange: Exchange, port: UInt16 = 41_000) {
    guard let answer = exchange.answer else { return }
    let head =
      "HTTP/1.1 \(exchange.status)\r\nContent-Type: application/x-fcs\r\ncontent-length: \(answer.count)\r\n\r\n"
    say(Array(head.utf8) + answer, port: port, byServer: true)
  }

  mutating func exchange(_ exchange: Exchange, port: UInt16 = 41_000) {
    request(exchange, port: port)
    answer(exchange, port: port)
  }
}

@Suite struct TunnelCaptureTests {
  private func bytes(_ segments: [RecordedSession.Segment]) -> [UInt8] {
    segments.flatMap { $0.bytes.readableBytesView }
  }

  private func check(_ file: CaptureWriter, notices: Int = 0, _ place: SourceLocation = #_sourceLocation) throws {
    let contents = try CaptureContents(reading: file.bytes)
    let session = try #require(contents.sessions.first, sourceLocation: place)
    #expect(contents.sessions.count == 1, sourceLocation: place)
    #expect(bytes(session.segments) == Conversation.client, sourceLocation: place)
    #expect(bytes(session.serverSegments) == Conversation.server, sourceLocation: place)
    #expect(session.transport == .rtmpt, sourceLocation: place)
    #expect(contents.notices.count == notices, "\(contents.notices)", sourceLocation: place)
  }

  @Test(arguments: [1, 50, 700, 5000]) func aTunnelIsReadAsWhatItsClientSaid(size: Int) throws {
    var talk = TunnelTalk()
    for exchange in TunnelTalk.conversation(size: max(size, 20)) { talk.exchange(exchange) }
    try check(talk.file)
  }

  @Test func requestsOverManyConnectionsArePutInOrderOfTheirNumbers() throws {
    var talk = TunnelTalk()
    for (index, exchange) in TunnelTalk.conversation().enumerated() {
      talk.exchange(exchange, port: 41_000 + UInt16(index % 3))
    }
    try check(talk.file)
    // One connection each, the later ones first.
    var reversed = TunnelTalk()
    for (index, exchange) in TunnelTalk.conversation().enumerated().reversed() {
      reversed.exchange(exchange, port: 42_000 + UInt16(index))
    }
    try check(reversed.file)
  }

  @Test func whatAProxyRepeatsIsTakenOnceAndALostAnswerFoundInTheNext() throws {
    var talk = TunnelTalk()
    for (index, exchange) in TunnelTalk.conversation().enumerated() {
      if index == 4 {
        // The answer never came: the client asks again, on a connection of its own.
        talk.request(exchange, port: 43_000)
        talk.exchange(exchange)
      } else {
        talk.exchange(exchange)
        if index == 5 { talk.exchange(exchange) }
      }
    }
    try check(talk.file)
  }

  @Test func whatTheServerRefusedNeverWas() throws {
    var talk = TunnelTalk()
    for (index, exchange) in TunnelTalk.conversation().enumerated() {
      if index == 4 {
        // Ahead of its turn, with other bytes under the number of a later one; and one that broke off.
        var stray = exchange
        stray.path = "/send/\(TunnelTalk.id)/4"
        stray.status = "409 Conflict"
        talk.exchange(stray, port: 45_000)
        stray.path = "/send/\(TunnelTalk.id)/5"
        stray.answer = nil
        talk.request(stray, port: 45_001)
      }
      talk.exchange(exchange)
    }
    try check(talk.file)
  }

  @Test func anAbsoluteTargetIsReadAsAProxyGetsIt() throws {
    var talk = TunnelTalk()
    for var exchange in TunnelTalk.conversation() {
      exchange.path = "http://old.example.org:8080\(exchange.path)?v=1"
      talk.exchange(exchange)
    }
    try check(talk.file)
  }

  @Test func aMissingRequestIsNamedWithItsNumber() throws {
    var talk = TunnelTalk()
    for (index, exchange) in TunnelTalk.conversation().enumerated() where index != 5 { talk.exchange(exchange) }
    let contents = try CaptureContents(reading: talk.file.bytes)
    #expect(contents.sessions.isEmpty)
    guard case .unplayable(.missingRequest(let packet, number: 3)) = try #require(contents.notices.first).cause else {
      Issue.record("\(contents.notices)")
      return
    }
    #expect(packet > 10)
  }

  @Test func anAnswerThatWasNeverSeenEndsWhatTheServerSaid() throws {
    var talk = TunnelTalk()
    for (index, exchange) in TunnelTalk.conversation().enumerated() {
      // Alone on its connection, for an answer is told by its place.
      if index == 5 { talk.request(exchange, port: 44_000) } else { talk.exchange(exchange) }
    }
    let contents = try CaptureContents(reading: talk.file.bytes)
    let session = try #require(contents.sessions.first)
    #expect(bytes(session.segments) == Conversation.client)
    #expect(bytes(session.serverSegments) == Array(Conversation.server.prefix(1400)))
    #expect(contents.notices.map(\.cause) == [.unansweredRequest(number: 3)])
  }

  @Test func otherHTTPIsCountedAndBrokenHTTPNamed() throws {
    var talk = TunnelTalk()
    talk.exchange(.init(path: "/crossdomain.xml", body: [], answer: [1]))
    talk.exchange(.init(path: "/crossdomain.xml", body: [], answer: [1]), port: 41_001)
    #expect(try CaptureContents(reading: talk.file.bytes).notices.map(\.cause) == [.foreign(connections: 2)])

    var broken = CaptureWriter()
    let client = Talker(toPort: 80)
    broken.packet(client.says([], sequence: 9, flags: Talker.synchronize), at: 1)
    broken.packet(client.says(Array("POST /open/1 HTTP/1.1\r\nContent-Length: x\r\n\r\n".utf8), sequence: 10), at: 2)
    let notice = try #require(try CaptureContents(reading: broken.bytes).notices.first)
    #expect(notice.cause == .unplayable(.malformedHTTP(packet: 2, "a length that is none")))
  }

  @Test func encryptionInsideATunnelAndOutsideOfItIsNamed() throws {
    var talk = TunnelTalk()
    for var exchange in TunnelTalk.conversation() {
      if exchange.path.hasPrefix("/send"), exchange.path.hasSuffix("/1") {
        exchange.body[0] = 6
        exchange.answer?[1] = 6
      }
      talk.exchange(exchange)
    }
    #expect(try CaptureContents(reading: talk.file.bytes).notices.map(\.cause) == [.encryptedRTMP])

    var plain = CaptureWriter()
    let client = Talker()
    plain.packet(client.says([], sequence: 9, flags: Talker.synchronize), at: 1)
    plain.packet(client.says([8] + Conversation.client.dropFirst(), sequence: 10), at: 2)
    let contents = try CaptureContents(reading: plain.bytes)
    #expect(contents.notices == [.init(packet: 1, offset: CaptureWriter().bytes.readableBytes, cause: .encryptedRTMP)])
    #expect(contents.notices.first?.description.contains("packet 1 at offset") == true)
  }

  @Test func aThousandDamagedTunnelsNeitherTrapNorHang() throws {
    var talk = TunnelTalk()
    for exchange in TunnelTalk.conversation() { talk.exchange(exchange) }
    let original = Array(talk.file.bytes.readableBytesView)
    var outcomes = (read: 0, told: 0)
    for seed in 0..<1_000 as Range<UInt64> {
      var random = SeededGenerator(seed: seed)
      var file = original
      for _ in 0..<Int.random(in: 1...6, using: &random) {
        let place = Int.random(in: 0..<file.count, using: &random)
        file[place] = Bool.random(using: &random) ? UInt8.random(in: 0...255, using: &random) : file[place] ^ 1
      }
      do throws(ReplayError) {
        let contents = try CaptureContents(reading: ByteBuffer(bytes: file))
        if contents.sessions.isEmpty { outcomes.told += contents.notices.isEmpty ? 0 : 1 } else { outcomes.read += 1 }
        for session in contents.sessions { _ = SessionInspection(session) }
      } catch {
        #expect(!error.description.isEmpty)
        outcomes.told += 1
      }
    }
    #expect(outcomes.read > 100 && outcomes.told > 100, "\(outcomes)")
  }
}
