import NIOCore

/// The RTMPT conversations of a capture, put together from the HTTP requests of any number of connections.
///
/// A client numbers its requests, so that it does not matter which connection brought one, in which order they were
/// captured, and how often a proxy repeated them: of each number the first request that the server took counts, and the
/// first answer to it. One that the server refused never was.
struct TunnelAssembly {
  /// A request or an answer, as part of a stream.
  struct Piece {
    let packet: Int
    let offset: Int
    let time: Int64
    let body: ByteBuffer
    let isAnswered: Bool

    init(_ message: CapturedHTTP.Message, body: ByteBuffer, isAnswered: Bool = true) {
      packet = message.packet
      offset = message.offset
      time = message.time
      self.body = body
      self.isAnswered = isAnswered
    }
  }

  /// One conversation.
  struct Tunnel {
    var firstEnd: CapturedEndpoint?
    var secondEnd: CapturedEndpoint?
    var transport: RecordedSession.Transport
    /// Of the first request seen.
    var packet: Int
    var offset: Int
    /// What each request brought; nothing for those that only asked.
    fileprivate var requests: [UInt32: Piece] = [:]
    fileprivate var answers: [UInt32: Piece] = [:]
  }

  /// Who a conversation is with, and its name there.
  private struct Key: Hashable {
    let server: String?
    let id: String
  }

  private(set) var all: [Tunnel] = []
  /// Requests that break off.
  private(set) var unfinished: [CapturedHTTP.Message] = []
  private var indices: [Key: Int] = [:]

  /// Takes the requests of a connection; false when none of them is a tunnel's.
  /// - Throws: ``ReplayError``, when the connection's client cannot be read.
  mutating func append(_ conversation: CapturedConversation) throws(ReplayError) -> Bool {
    let requests = try CapturedHTTP.messages(of: conversation.first, isRequest: true)
    let requested = requests.map { Self.target(of: $0.start) }
    guard requested.contains(where: { $0 != nil }) || requests.contains(where: { Self.isOpening($0.start) }) else {
      return false
    }
    try conversation.first.checkWholeness()
    // What a server says has no say in what the client sent.
    let answers = ((try? CapturedHTTP.messages(of: conversation.second, isRequest: false)) ?? [])
      .filter { !$0.start.contains(" 100 ") }
    for (index, request) in requests.enumerated() {
      guard request.isWhole else {
        unfinished.append(request)
        continue
      }
      guard let target = requested[index] else { continue }
      let answer = index < answers.count && answers[index].isWhole ? answers[index] : nil
      if let answer, !answer.start.contains(" 200") { continue }
      take(request, answer, target, of: conversation)
    }
    return true
  }

  private mutating func take(
    _ request: CapturedHTTP.Message, _ answer: CapturedHTTP.Message?, _ target: Target,
    of conversation: CapturedConversation
  ) {
    let key = Key(server: conversation.secondEnd?.address, id: target.id)
    let index = indices[key] ?? all.count
    if index == all.count {
      indices[key] = index
      all.append(
        Tunnel(
          firstEnd: conversation.firstEnd, secondEnd: conversation.secondEnd,
          transport: conversation.transport == .rtmps ? .rtmpts : .rtmpt, packet: request.packet,
          offset: request.offset))
    }
    // Only `send` brings something; the others have a byte because players send no empty bodies.
    let piece = Piece(
      request, body: target.kind == "send" ? request.body : ByteBuffer(), isAnswered: answer != nil)
    if let known = all[index].requests[target.number] {
      if !known.isAnswered, piece.isAnswered { all[index].requests[target.number] = piece }
    } else {
      all[index].requests[target.number] = piece
    }
    if all[index].answers[target.number] == nil, let answer {
      // Each begins with the byte that paces the client's questions.
      let body = answer.body.getSlice(at: answer.body.readerIndex + 1, length: max(0, answer.body.readableBytes - 1))
      all[index].answers[target.number] = Piece(answer, body: body ?? ByteBuffer())
    }
  }

  private struct Target {
    let kind: Substring
    let id: String
    let number: UInt32
  }

  /// `POST /send/ID/NUMBER HTTP/1.1`; proxies get the whole URL.
  private static func target(of line: String) -> Target? {
    let segments = segments(of: line)
    guard segments.count == 3, ["send", "idle", "close"].contains(segments[0]),
      segments[2].utf8.allSatisfy({ (0x30...0x39).contains($0) }), let number = UInt32(segments[2])
    else { return nil }
    return Target(kind: segments[0], id: String(segments[1]), number: number)
  }

  /// What a player asks before it has a session.
  private static func isOpening(_ line: String) -> Bool {
    let segments = segments(of: line)
    return segments.count == 2 && (segments == ["open", "1"] || segments == ["fcs", "ident2"])
  }

  private static func segments(of line: String) -> [Substring] {
    let words = line.split(separator: " ")
    guard words.count >= 2, words[0] == "POST" else { return [] }
    var path = words[1]
    if let scheme = path.range(of: "://") {
      path = path[scheme.upperBound...].drop { $0 != "/" }
    }
    return path.prefix { $0 != "?" }.split(separator: "/")
  }
}

extension TunnelAssembly.Tunnel {
  /// What both sides said, in the order of the requests.
  /// - Throws: ``ReplayError/missingRequest(packet:number:)``.
  func conversation() throws(ReplayError) -> CapturedConversation {
    let numbers = requests.keys.sorted()
    for (number, following) in zip(numbers, numbers.dropFirst()) where following != number + 1 {
      throw .missingRequest(packet: requests[following]?.packet ?? packet, number: number + 1)
    }
    let sent = numbers.compactMap { requests[$0] }
    // Behind a lost answer nothing can be put together.
    let answered = numbers.prefix { answers[$0] != nil }.compactMap { answers[$0] }
    return CapturedConversation(
      first: Self.stream(sent), second: Self.stream(answered), firstEnd: firstEnd, secondEnd: secondEnd,
      packet: packet, offset: offset, transport: transport)
  }

  /// The first request without an answer that has answered ones behind it.
  var lostAnswer: UInt32? {
    let numbers = requests.keys.sorted()
    guard let lost = numbers.first(where: { answers[$0] == nil }), let last = answers.keys.max(), last > lost else {
      return nil
    }
    return lost
  }

  private static func stream(_ pieces: [TunnelAssembly.Piece]) -> TCPStream {
    var latest = Int64.min
    return TCPStream(
      parts: pieces.filter { $0.body.readableBytes > 0 }.map { piece in
        latest = max(latest, piece.time)
        return TCPStream.Part(packet: piece.packet, time: latest, bytes: piece.body, offset: piece.offset)
      })
  }
}
