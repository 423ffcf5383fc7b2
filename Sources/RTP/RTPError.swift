/// What broke which rule, with the numbers seen.
///
/// Everything a peer or a publisher sends may be wrong; each case names the rule that was broken. Sizes are in bytes.
public enum RTPError: Error, Hashable {
  /// RFC 3550, section 5.1: an RTP packet has at least its fixed header, its sources and its extension.
  case truncatedPacket(needed: Int, available: Int)
  /// RFC 3550, sections 5.1 and 6.4.1: the version is 2.
  case unknownVersion(UInt8)
  /// RFC 3550, sections 5.1 and 6.4.1: the last byte of the padding counts the padding, itself included.
  case invalidPadding(length: Int, available: Int)
  /// The buffer given for writing is shorter than what is to be written.
  case bufferTooSmall(needed: Int, available: Int)
  /// RFC 8285, section 4.2: a one-byte extension has an identifier of 1 to 14.
  case invalidExtensionIdentifier(UInt8)
  /// RFC 8285, section 4.2: a one-byte extension carries 1 to 16 bytes; section 4.1: it lies within the extension block.
  case invalidExtensionLength(identifier: UInt8, length: Int)

  /// RFC 3550, section 6.4.1: an RTCP packet is as long as its header says, and whole within the compound.
  case truncatedReport(type: UInt8, needed: Int, available: Int)
  /// RFC 3550, section 6.1: only the last packet of a compound may be padded.
  case paddingInsideCompound(type: UInt8)
  /// The compound holds more bytes or packets than the stated limit.
  case compoundTooLarge(count: Int, limit: Int)
  /// RFC 3550, section 6.1: a compound begins with a report and names the source (CNAME).
  case incompleteCompound
  /// The five-bit count field of an RTCP header holds at most 31 entries (RFC 3550, section 6.4.1).
  case tooManyEntries(type: UInt8, count: Int)
  /// RFC 3550, section 6.5: the text of a description or of a goodbye holds at most 255 bytes.
  case textTooLong(length: Int)
  /// An RTCP packet is of a shape that its own section forbids.
  case malformedReport(type: UInt8, format: UInt8)

  /// A frame without bytes has no payload.
  case emptyFrame
  /// The frame is larger than the stated limit, before packets are cut or after they are joined.
  case frameTooLarge(size: Int, limit: Int)
  /// The frame would need more packets than the stated limit.
  case tooManyPackets(count: Int, limit: Int)
  /// A payload is shorter than its payload header (RFC 7741, section 4.2; RFC 6184, section 5).
  case truncatedPayload(codec: PayloadCodec, size: Int)
  /// RFC 6184, section 5.2: a payload structure that packetization mode 1 does not have, or that has no meaning.
  case unsupportedPayloadStructure(type: UInt8)
  /// ISO/IEC 14496-15, section 5.3.4: a NAL unit's length lies within the access unit.
  case invalidNALUnitLength(length: Int, available: Int)
  /// ITU-T H.264, section 7.3.1: `forbidden_zero_bit` is 0.
  case forbiddenBitSet(header: UInt8)
  /// ITU-T H.264, section 7.4: at most 32 sequence and 256 picture parameter sets; each within the stated size limit.
  case invalidParameterSet(type: UInt8, size: Int)
  /// RFC 6184, section 5.8: fragments of a NAL unit have a start, an end, and one type.
  case invalidFragment(header: UInt8)
}
