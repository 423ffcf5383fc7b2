import NIOCore

/// A received RTP packet, after decryption. The payload is a slice of the datagram.
public struct RTPPacket: Sendable, Hashable {
  /// The fixed header.
  public let header: RTPHeader
  /// Where the sound or picture came from, if a mixer made the packet; at most 15.
  public let contributingSources: [UInt32]
  /// The header extensions known to the connection.
  public let extensions: HeaderExtensions
  /// What is left without header, extensions and padding; may be empty.
  public let payload: ByteBuffer

  /// A packet that was not read from a datagram.
  public init(header: RTPHeader, payload: ByteBuffer) {
    self.header = header
    self.payload = payload
    contributingSources = []
    extensions = HeaderExtensions()
  }

  /// Reads a whole datagram.
  ///
  /// - Throws: `truncatedPacket`, `unknownVersion`, `invalidPadding`, or `invalidExtensionLength`.
  public init(parsing datagram: ByteBuffer, _ map: HeaderExtensionMap = HeaderExtensionMap()) throws(RTPError) {
    var datagram = datagram
    let size = datagram.readableBytes
    guard let flags: UInt8 = datagram.readInteger(), let second: UInt8 = datagram.readInteger(),
      let sequenceNumber: UInt16 = datagram.readInteger(), let timestamp: UInt32 = datagram.readInteger(),
      let ssrc: UInt32 = datagram.readInteger()
    else { throw .truncatedPacket(needed: RTPHeader.size, available: size) }
    guard flags >> 6 == 2 else { throw .unknownVersion(flags >> 6) }
    header = RTPHeader(
      marker: second & 0x80 != 0, payloadType: second, sequenceNumber: sequenceNumber, timestamp: timestamp, ssrc: ssrc)
    contributingSources = try Self.readSources(&datagram, count: Int(flags & 0x0F))
    extensions = flags & 0x10 == 0 ? HeaderExtensions() : try Self.readExtensions(&datagram, map)
    if flags & 0x20 != 0 {
      let available = datagram.readableBytes
      let padding: UInt8 = datagram.getInteger(at: datagram.writerIndex - 1) ?? 0
      guard padding > 0, Int(padding) <= available else {
        throw .invalidPadding(length: Int(padding), available: available)
      }
      datagram.moveWriterIndex(to: datagram.writerIndex - Int(padding))
    }
    payload = datagram.slice()
  }

  private static func readSources(_ datagram: inout ByteBuffer, count: Int) throws(RTPError) -> [UInt32] {
    guard datagram.readableBytes >= count * 4 else {
      throw .truncatedPacket(needed: count * 4, available: datagram.readableBytes)
    }
    guard count > 0 else { return [] }
    var sources: [UInt32] = []
    sources.reserveCapacity(count)
    for _ in 0..<count {
      guard let source: UInt32 = datagram.readInteger() else { break }
      sources.append(source)
    }
    return sources
  }

  private static func readExtensions(
    _ datagram: inout ByteBuffer, _ map: HeaderExtensionMap
  ) throws(RTPError) -> HeaderExtensions {
    guard let profile: UInt16 = datagram.readInteger(), let words: UInt16 = datagram.readInteger() else {
      throw .truncatedPacket(needed: 4, available: datagram.readableBytes)
    }
    guard let block = datagram.readSlice(length: Int(words) * 4) else {
      throw .truncatedPacket(needed: Int(words) * 4, available: datagram.readableBytes)
    }
    return try HeaderExtensions(parsing: block, profile: profile, map)
  }
}
