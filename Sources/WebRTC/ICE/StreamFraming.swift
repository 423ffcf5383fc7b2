import NIOCore

/// Cuts a TCP connection's bytes into the datagrams that it carries: two bytes of length before each (RFC 4571 section 2,
/// as ICE uses it by RFC 6544 section 10.1).
public struct StreamFrameReader: Sendable {
  /// Longest datagram, in bytes. Default 4096: browsers keep theirs below 1500, DTLS flights included.
  public let limit: Int
  private var pending = ByteBuffer()

  /// A reader at the start of a connection.
  public init(limit: Int = 4096) { self.limit = limit }

  /// Takes in bytes, cut anywhere.
  public mutating func receive(_ bytes: ByteBuffer) {
    if self.pending.readableBytes == 0 {
      self.pending = bytes
    } else {
      self.pending.writeImmutableBuffer(bytes)
    }
  }

  /// The next whole datagram; nil when more bytes are needed. Empty ones are passed over.
  /// - Throws: `WebRTCError.streamFrameTooLong`; nothing can be read after it.
  public mutating func next() throws(WebRTCError) -> ByteBuffer? {
    while let length = self.pending.getInteger(at: self.pending.readerIndex, as: UInt16.self) {
      guard Int(length) <= self.limit else { throw .streamFrameTooLong(bytes: Int(length), limit: self.limit) }
      guard self.pending.readableBytes >= 2 + Int(length) else { return nil }
      self.pending.moveReaderIndex(forwardBy: 2)
      guard let datagram = self.pending.readSlice(length: Int(length)) else { return nil }
      if length > 0 { return datagram }
    }
    return nil
  }
}
