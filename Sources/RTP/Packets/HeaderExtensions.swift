import NIOCore

/// The values of one packet's header extensions.
///
/// Written as one-byte headers (profile 0xBEDE); read in both forms of RFC 8285, since a peer may mix them.
public struct HeaderExtensions: Sendable, Hashable {
  /// The identification of the media section, 1 to 16 bytes of UTF-8 (RFC 8843, section 15).
  public var mediaID: String?
  /// When the packet leaves.
  public var absoluteSendTime: AbsoluteSendTime?
  /// The number of the packet within its transport, all streams counted together.
  public var transportSequenceNumber: UInt16?
  /// How loud the sound in the packet is.
  public var audioLevel: AudioLevel?

  /// No values, or those given.
  public init(
    mediaID: String? = nil, absoluteSendTime: AbsoluteSendTime? = nil, transportSequenceNumber: UInt16? = nil,
    audioLevel: AudioLevel? = nil
  ) {
    self.mediaID = mediaID
    self.absoluteSendTime = absoluteSendTime
    self.transportSequenceNumber = transportSequenceNumber
    self.audioLevel = audioLevel
  }

  /// Bytes of the whole extension block, its four-byte header and the padding included; 0 when nothing is to be said.
  public func size(_ map: HeaderExtensionMap) -> Int {
    var size = 0
    if map.mediaID != nil, let mediaID { size += 1 + mediaID.utf8.count }
    if map.absoluteSendTime != nil, absoluteSendTime != nil { size += 4 }
    if map.transportSequenceNumber != nil, transportSequenceNumber != nil { size += 3 }
    if map.audioLevel != nil, audioLevel != nil { size += 2 }
    return size == 0 ? 0 : 4 + (size + 3) & ~3
  }

  /// Writes the extension block. A value without a negotiated identifier is left out.
  ///
  /// - Returns: The bytes written, 0 when nothing is to be said.
  /// - Throws: `bufferTooSmall`; `invalidExtensionLength` for a media identification of no or more than 16 bytes.
  public func write(_ map: HeaderExtensionMap, into buffer: UnsafeMutableRawBufferPointer) throws(RTPError) -> Int {
    let size = size(map)
    guard size > 0 else { return 0 }
    guard size <= buffer.count else { throw .bufferTooSmall(needed: size, available: buffer.count) }
    var cursor = WriteCursor(buffer)
    cursor.write(Self.oneByteProfile)
    cursor.write(UInt16(truncatingIfNeeded: (size - 4) / 4))
    if let id = map.mediaID, var mediaID {
      let length = mediaID.utf8.count
      guard (1...16).contains(length) else { throw .invalidExtensionLength(identifier: id, length: length) }
      cursor.write(id << 4 | UInt8(length - 1))
      mediaID.withUTF8 { cursor.write(UnsafeRawBufferPointer($0)) }
    }
    if let id = map.absoluteSendTime, let time = absoluteSendTime {
      cursor.write(UInt32(id << 4 | 2) << 24 | time.rawValue)
    }
    if let id = map.transportSequenceNumber, let number = transportSequenceNumber {
      cursor.write(id << 4 | 1)
      cursor.write(number)
    }
    if let id = map.audioLevel, let level = audioLevel {
      cursor.write(id << 4)
      cursor.write(level.byte)
    }
    while cursor.count < size { cursor.write(UInt8(0)) }
    return size
  }

  /// Reads the elements of an extension block, without its four-byte header.
  ///
  /// Elements of unknown identifiers, and values of another length than their own section says, are passed over.
  ///
  /// - Parameter profile: The first 16 bits of the block's header; a profile that RFC 8285 does not know reads as empty.
  /// - Throws: `invalidExtensionLength` for an element that does not lie within the block.
  public init(parsing block: ByteBuffer, profile: UInt16, _ map: HeaderExtensionMap) throws(RTPError) {
    var block = block
    if profile == Self.oneByteProfile {
      try parseOneByteElements(&block, map)
    } else if profile & 0xFFF0 == Self.twoByteProfile {
      try parseTwoByteElements(&block, map)
    }
  }

  private mutating func parseOneByteElements(_ block: inout ByteBuffer, _ map: HeaderExtensionMap) throws(RTPError) {
    while let head: UInt8 = block.readInteger() {
      let identifier = head >> 4
      if head == 0 { continue }
      // Identifier 15 is reserved and ends the block; 0 with a length is no padding and is passed over.
      if identifier == 15 { return }
      let length = Int(head & 0x0F) + 1
      guard let value = block.readSlice(length: length) else {
        throw .invalidExtensionLength(identifier: identifier, length: length)
      }
      take(value, identifier: identifier, map)
    }
  }

  private mutating func parseTwoByteElements(_ block: inout ByteBuffer, _ map: HeaderExtensionMap) throws(RTPError) {
    while let identifier: UInt8 = block.readInteger() {
      if identifier == 0 { continue }
      guard let length: UInt8 = block.readInteger(), let value = block.readSlice(length: Int(length)) else {
        throw .invalidExtensionLength(identifier: identifier, length: block.readableBytes)
      }
      take(value, identifier: identifier, map)
    }
  }

  private mutating func take(_ value: ByteBuffer, identifier: UInt8, _ map: HeaderExtensionMap) {
    guard identifier != 0 else { return }
    var value = value
    switch identifier {
    case map.mediaID where (1...16).contains(value.readableBytes):
      mediaID = value.readString(length: value.readableBytes)
    case map.absoluteSendTime where value.readableBytes == 3:
      guard let high: UInt8 = value.readInteger(), let low: UInt16 = value.readInteger() else { return }
      absoluteSendTime = AbsoluteSendTime(rawValue: UInt32(high) << 16 | UInt32(low))
    case map.transportSequenceNumber where value.readableBytes == 2:
      transportSequenceNumber = value.readInteger()
    case map.audioLevel where value.readableBytes == 1:
      audioLevel = value.readInteger().map(AudioLevel.init(byte:))
    default:
      break
    }
  }

  static let oneByteProfile: UInt16 = 0xBEDE
  static let twoByteProfile: UInt16 = 0x1000
}
