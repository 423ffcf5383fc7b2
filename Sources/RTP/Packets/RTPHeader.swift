import NIOCore

/// The fixed header of an RTP packet (RFC 3550, section 5.1).
public struct RTPHeader: Sendable, Hashable {
  /// Bytes of the fixed header.
  public static let size = 12

  /// The end of a picture, or the start of a talk spurt.
  public var marker: Bool
  /// 0 to 127, negotiated.
  public var payloadType: UInt8
  /// The number of the packet in its stream.
  public var sequenceNumber: UInt16
  /// The time of the frame in clock ticks, with a random offset.
  public var timestamp: UInt32
  /// The source.
  public var ssrc: UInt32

  /// A header without contributing sources.
  ///
  /// - Parameter payloadType: Only the low seven bits count.
  public init(marker: Bool, payloadType: UInt8, sequenceNumber: UInt16, timestamp: UInt32, ssrc: UInt32) {
    self.marker = marker
    self.payloadType = payloadType & 0x7F
    self.sequenceNumber = sequenceNumber
    self.timestamp = timestamp
    self.ssrc = ssrc
  }

  /// Writes the header and its extension block, ready for the payload behind them. Allocates nothing.
  ///
  /// - Returns: The bytes written.
  /// - Throws: As `HeaderExtensions.write`.
  public func write(
    extensions: HeaderExtensions = HeaderExtensions(), _ map: HeaderExtensionMap = HeaderExtensionMap(),
    into buffer: UnsafeMutableRawBufferPointer
  ) throws(RTPError) -> Int {
    guard buffer.count >= Self.size else { throw .bufferTooSmall(needed: Self.size, available: buffer.count) }
    let block = try extensions.write(map, into: UnsafeMutableRawBufferPointer(rebasing: buffer[Self.size...]))
    var cursor = WriteCursor(buffer)
    cursor.write(UInt8(block > 0 ? 0x90 : 0x80))
    cursor.write(payloadType & 0x7F | (marker ? 0x80 : 0))
    cursor.write(sequenceNumber)
    cursor.write(timestamp)
    cursor.write(ssrc)
    return Self.size + block
  }
}
