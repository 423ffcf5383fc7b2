import NIOCore

/// The HTTP/1 messages of one direction of a captured connection (RFC 9112), each with the time at which it was whole.
struct CapturedHTTP {
  struct Message {
    /// The request line or the status line.
    let start: String
    let body: ByteBuffer
    /// The packet that made it whole.
    let packet: Int
    let offset: Int
    /// Microseconds since the epoch.
    let time: Int64
    /// False for the last one of a direction that breaks off in its middle.
    let isWhole: Bool
  }

  /// Far above what players and proxies send.
  private static let longestHead = 1 << 16
  private static let lineEnd = UInt8(ascii: "\n")

  private let parts: [TCPStream.Part]
  /// Where each part ends in the sum of all.
  private let ends: [Int]
  private let isRequest: Bool
  private var bytes: ByteBuffer
  private var part = 0

  private init(_ stream: TCPStream, isRequest: Bool) {
    parts = stream.parts
    self.isRequest = isRequest
    bytes = ByteBuffer()
    bytes.reserveCapacity(stream.byteCount)
    var ends: [Int] = []
    for part in parts {
      bytes.writeImmutableBuffer(part.bytes)
      ends.append(bytes.writerIndex)
    }
    self.ends = ends
  }

  /// All messages of a direction.
  /// - Throws: ``ReplayError/malformedHTTP(packet:_:)``.
  static func messages(of stream: TCPStream, isRequest: Bool) throws(ReplayError) -> [Message] {
    var reader = Self(stream, isRequest: isRequest)
    var messages: [Message] = []
    while let message = try reader.next() { messages.append(message) }
    return messages
  }

  private enum Length {
    case counted(Int)
    case chunked
    /// To the end of the connection.
    case open
  }

  private mutating func next() throws(ReplayError) -> Message? {
    // Old clients send an empty line behind a body (RFC 9112, section 2.2).
    while let byte: UInt8 = bytes.getInteger(at: bytes.readerIndex), byte == 0x0D || byte == 0x0A {
      bytes.moveReaderIndex(forwardBy: 1)
    }
    guard bytes.readableBytes > 0 else { return nil }
    guard let (start, length) = try readHead() else { return unfinished() }
    var body = ByteBuffer()
    switch length {
    case .counted(let count):
      guard let whole = bytes.readSlice(length: count) else { return unfinished(start) }
      body = whole
    case .chunked: guard try readChunks(into: &body) else { return unfinished(start) }
    case .open: body = bytes.readSlice(length: bytes.readableBytes) ?? body
    }
    return message(start, body, isWhole: true)
  }

  private mutating func unfinished(_ start: String = "") -> Message {
    bytes.moveReaderIndex(to: bytes.writerIndex)
    return message(start, ByteBuffer(), isWhole: false)
  }

  /// A message that ends where the next byte is to be read.
  private mutating func message(_ start: String, _ body: ByteBuffer, isWhole: Bool) -> Message {
    let last = current()
    return Message(
      start: start, body: body, packet: last?.packet ?? 0, offset: last?.offset ?? 0, time: last?.time ?? 0,
      isWhole: isWhole)
  }

  /// The part that holds the byte before the next one.
  private mutating func current() -> TCPStream.Part? {
    while part < ends.count - 1, ends[part] < bytes.readerIndex { part += 1 }
    return part < parts.count ? parts[part] : nil
  }

  /// Nil when the head is not whole.
  private mutating func readHead() throws(ReplayError) -> (start: String, Length)? {
    let begin = bytes.readerIndex
    guard let start = readLine() else {
      if bytes.readableBytes > Self.longestHead { throw malformed("a line of more than \(Self.longestHead) bytes") }
      return nil
    }
    guard isRequest ? start.contains(" HTTP/1.") : start.hasPrefix("HTTP/1.") else {
      throw malformed(isRequest ? "no request line" : "no status line")
    }
    var length: Length = isRequest || Self.isBodiless(start) ? .counted(0) : .open
    while let line = readLine() {
      guard bytes.readerIndex - begin <= Self.longestHead else { throw malformed("a head that does not end") }
      if line.isEmpty { return (start, length) }
      let field = line.split(separator: ":", maxSplits: 1)
      let value = field.count == 2 ? field[1].filter { !$0.isWhitespace }.lowercased() : ""
      switch field.first?.lowercased() {
      case "content-length":
        guard let count = Int(value), count >= 0 else { throw malformed("a length that is none") }
        if case .chunked = length { continue }
        length = .counted(count)
      case "transfer-encoding": if value.hasSuffix("chunked") { length = .chunked }
      default: continue
      }
    }
    return nil
  }

  /// Interim answers, and those without content (RFC 9112, section 6.3).
  private static func isBodiless(_ status: String) -> Bool {
    let code = status.split(separator: " ").dropFirst().first ?? ""
    return code.hasPrefix("1") || code == "204" || code == "304"
  }

  /// False when the last chunk is not there.
  private mutating func readChunks(into body: inout ByteBuffer) throws(ReplayError) -> Bool {
    while let line = readLine() {
      let digits = line.prefix { $0.isHexDigit }
      guard let size = Int(digits, radix: 16), size <= bytes.writerIndex else { throw malformed("no size of a chunk") }
      if size == 0 {
        while let trailer = readLine() { if trailer.isEmpty { return true } }
        return false
      }
      guard var chunk = bytes.readSlice(length: size) else { return false }
      body.writeBuffer(&chunk)
      guard let end = readLine() else { return false }
      guard end.isEmpty else { throw malformed("a chunk longer than its size") }
    }
    return false
  }

  /// Without its end; nil when the line is not whole.
  private mutating func readLine() -> String? {
    let view = bytes.readableBytesView.prefix(Self.longestHead)
    guard let end = view.firstIndex(of: Self.lineEnd) else { return nil }
    let line = view[..<end]
    bytes.moveReaderIndex(to: end + 1)
    return String(decoding: line.last == 0x0D ? line.dropLast() : line, as: UTF8.self)
  }

  private mutating func malformed(_ why: String) -> ReplayError {
    .malformedHTTP(packet: current()?.packet ?? 0, why)
  }
}
