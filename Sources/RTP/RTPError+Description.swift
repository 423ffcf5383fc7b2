extension RTPError: CustomStringConvertible {
  /// One line for a log: what was seen, and the rule it breaks.
  public var description: String {
    switch self {
    case .truncatedPacket(let needed, let available):
      "the packet needs \(needed) bytes where \(available) are left (RFC 3550, 5.1)"
    case .unknownVersion(let version):
      "version \(version) where only 2 is known (RFC 3550, 5.1)"
    case .invalidPadding(let length, let available):
      "padding of \(length) bytes where \(available) are left (RFC 3550, 5.1)"
    case .bufferTooSmall(let needed, let available):
      "\(needed) bytes do not fit into a buffer of \(available)"
    case .invalidExtensionIdentifier(let identifier):
      "header extension \(identifier) where 1 to 14 are allowed (RFC 8285, 4.2)"
    case .invalidExtensionLength(let identifier, let length):
      "header extension \(identifier) with an impossible length of \(length) bytes (RFC 8285, 4.2)"
    case .truncatedReport(let type, let needed, let available):
      "RTCP packet of type \(type) needs \(needed) bytes where \(available) are left (RFC 3550, 6.4)"
    case .paddingInsideCompound(let type):
      "RTCP packet of type \(type) is padded but not the last one (RFC 3550, 6.1)"
    case .compoundTooLarge(let count, let limit):
      "RTCP compound of \(count) bytes or packets where the limit is \(limit)"
    case .incompleteCompound:
      "RTCP compound without a report in front or without a CNAME (RFC 3550, 6.1)"
    case .tooManyEntries(let type, let count):
      "\(count) entries are more than an RTCP packet of type \(type) has room for (RFC 3550, 6.4)"
    case .textTooLong(let length):
      "RTCP text of \(length) bytes where 255 are allowed (RFC 3550, 6.5)"
    case .malformedReport(let type, let format):
      "RTCP packet of type \(type), format \(format), without what it is about (RFC 4585, 6.1)"
    case .emptyFrame:
      "a frame without bytes"
    case .frameTooLarge(let size, let limit):
      "a frame of \(size) bytes where the limit is \(limit)"
    case .tooManyPackets(let count, let limit):
      "a frame of \(count) packets where the limit is \(limit)"
    case .truncatedPayload(let codec, let size):
      "\(codec) payload of \(size) bytes ends within its header"
    case .unsupportedPayloadStructure(let type):
      "H.264 payload of type \(type), which packetization mode 1 does not have (RFC 6184, 5.2)"
    case .invalidNALUnitLength(let length, let available):
      "NAL unit of \(length) bytes where \(available) are left (ISO/IEC 14496-15, 5.3.4)"
    case .forbiddenBitSet(let header):
      "NAL unit header \(header) with its forbidden bit set (ITU-T H.264, 7.4.1)"
    case .invalidParameterSet(let type, let size):
      "parameter set of type \(type) and \(size) bytes without a valid identifier or too large (ITU-T H.264, 7.4.2)"
    case .invalidFragment(let header):
      "fragment \(header) out of its order (RFC 6184, 5.8)"
    }
  }
}
