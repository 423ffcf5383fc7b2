import NIOCore

/// Who the sources are (RFC 3550, section 6.5).
public struct SourceDescription: RTCPBody {
  /// One statement about a source.
  public struct Item: Sendable, Hashable {
    /// CNAME is 1, NAME 2, ... (RFC 3550, section 12.2).
    public var type: UInt8
    /// At most 255 bytes of UTF-8; what is not UTF-8 is read with replacement characters.
    public var text: String

    /// An item; see the properties.
    public init(type: UInt8, text: String) {
      self.type = type
      self.text = text
    }
  }

  /// The statements about one source.
  public struct Chunk: Sendable, Hashable {
    /// The source.
    public var ssrc: UInt32
    /// In the order sent.
    public var items: [Item]

    /// A chunk; see the properties.
    public init(ssrc: UInt32, items: [Item]) {
      self.ssrc = ssrc
      self.items = items
    }

    /// The name that ties the streams of one speaker together.
    public var cname: String? { items.first { $0.type == cnameItem }?.text }

    fileprivate var size: Int {
      let items = items.reduce(0) { $0 + 2 + $1.text.utf8.count }
      // At least one zero byte ends the list, and the next chunk starts on a whole word.
      return 4 + (items + 4) & ~3
    }
  }

  /// At most 31.
  public var chunks: [Chunk]

  /// A description of several sources.
  public init(chunks: [Chunk]) {
    self.chunks = chunks
  }

  /// The description that each compound needs.
  public init(ssrc: UInt32, cname: String) {
    self.init(chunks: [Chunk(ssrc: ssrc, items: [Item(type: cnameItem, text: cname)])])
  }

  var packetType: UInt8 { RTCPPacketType.sourceDescription }
  var countOrFormat: Int { chunks.count }
  var bodySize: Int { chunks.reduce(0) { $0 + $1.size } }

  init(parsing body: inout ByteBuffer, countOrFormat: UInt8) throws(RTPError) {
    chunks = []
    for _ in 0..<countOrFormat { chunks.append(try Self.readChunk(&body)) }
  }

  private static func readChunk(_ body: inout ByteBuffer) throws(RTPError) -> Chunk {
    let type = RTCPPacketType.sourceDescription
    let start = body.readerIndex
    var chunk = Chunk(ssrc: try body.readField(of: type), items: [])
    while true {
      let item = try body.readField(of: type, as: UInt8.self)
      if item == 0 { break }
      let length = Int(try body.readField(of: type, as: UInt8.self))
      guard let text = body.readString(length: length) else {
        throw .truncatedReport(type: type, needed: length, available: body.readableBytes)
      }
      chunk.items.append(Item(type: item, text: text))
    }
    // The list is padded with zeros to the next whole word of the packet.
    let rest = (4 - (body.readerIndex - start) % 4) % 4
    guard rest <= body.readableBytes else {
      throw .truncatedReport(type: type, needed: rest, available: body.readableBytes)
    }
    body.moveReaderIndex(forwardBy: rest)
    return chunk
  }

  func writeBody(into buffer: inout ByteBuffer) throws(RTPError) {
    for chunk in chunks {
      let start = buffer.writerIndex
      buffer.writeInteger(chunk.ssrc)
      for item in chunk.items {
        let length = item.text.utf8.count
        guard length <= 255 else { throw .textTooLong(length: length) }
        buffer.writeMultipleIntegers(item.type, UInt8(length))
        buffer.writeString(item.text)
      }
      buffer.writeRepeatingByte(0, count: chunk.size - (buffer.writerIndex - start))
    }
  }
}

private let cnameItem: UInt8 = 1
