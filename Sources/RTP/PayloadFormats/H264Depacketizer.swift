import NIOCore

/// Joins H.264 payloads of packetization modes 0 and 1 into access units (RFC 6184).
///
/// An access unit is whole when it was seen from its first NAL unit to the marker without a gap; what is not whole is
/// passed over. Behind a gap, only what can stand nowhere but at the beginning of a picture counts as the first.
public struct H264Depacketizer: Sendable {
  private enum State {
    /// The last packet ended an access unit: the next one begins one.
    case between
    /// Packets are missing: the next beginning is awaited.
    case lost
    case joining(timestamp: UInt32, isKeyFrame: Bool, fragment: Fragment?)
  }

  /// An open fragmented NAL unit.
  private struct Fragment {
    /// Where its length will be written.
    let lengthIndex: Int
    let type: UInt8
  }

  private let maximumFrameSize: Int
  private var gate = SequenceGate()
  private var state = State.lost
  // Beside the state, not in it: bytes are appended in place.
  private var data = ByteBuffer()

  /// - Parameter maximumFrameSize: Larger access units, lengths included, are refused as soon as they are.
  public init(maximumFrameSize: Int = FrameSize.maximum) {
    self.maximumFrameSize = maximumFrameSize
  }

  /// Takes the next packet in the order of sequence numbers; gaps are allowed.
  ///
  /// - Returns: An access unit, when this packet is its last one.
  /// - Throws: `truncatedPayload`, `unsupportedPayloadStructure`, `invalidFragment` or `frameTooLarge`; the access unit
  ///   is passed over.
  public mutating func receive(_ packet: RTPPacket) throws(RTPError) -> DepacketizedFrame? {
    switch gate.pass(packet.header.sequenceNumber) {
    case .refused: return nil
    case .afterGap: abandon()
    case .inOrder: break
    }
    do {
      return try join(packet)
    } catch {
      abandon()
      // The marker still tells where the next access unit begins.
      if packet.header.marker { state = .between }
      throw error
    }
  }

  private mutating func join(_ packet: RTPPacket) throws(RTPError) -> DepacketizedFrame? {
    let timestamp = packet.header.timestamp
    // A new time without a marker before it: the access unit before lacks its end.
    if case .joining(let current, _, _) = state, current != timestamp { abandon() }
    if case .lost = state, !Self.beginsPicture(packet.payload) {
      if packet.header.marker { state = .between }
      return nil
    }
    if case .joining = state {} else { state = .joining(timestamp: timestamp, isKeyFrame: false, fragment: nil) }
    try take(packet.payload)
    guard packet.header.marker, case .joining(_, let isKeyFrame, let fragment) = state else { return nil }
    if let fragment { throw .invalidFragment(header: fragment.type) }
    let frame = DepacketizedFrame(
      timestamp: timestamp, isKeyFrame: isKeyFrame, packetsLostBefore: gate.takeLost(), data: data)
    state = .between
    data = ByteBuffer()
    return frame
  }

  private mutating func abandon() {
    state = .lost
    data.clear()
  }
}

extension H264Depacketizer {
  private mutating func take(_ payload: ByteBuffer) throws(RTPError) {
    var payload = payload
    let size = payload.readableBytes
    guard let header: UInt8 = payload.getInteger(at: payload.readerIndex) else {
      throw .truncatedPayload(codec: .h264, size: size)
    }
    guard case .joining(_, _, let fragment) = state else { return }
    let type = header & 0x1F
    if let fragment, type != NALUnitType.fragmentation { throw .invalidFragment(header: fragment.type) }
    switch type {
    case 1...23:
      try append(payload)
    case NALUnitType.singleTimeAggregation:
      payload.moveReaderIndex(forwardBy: 1)
      try takeAggregate(&payload, size: size)
    case NALUnitType.fragmentation:
      guard let indicator: UInt8 = payload.readInteger(), let fragmentHeader: UInt8 = payload.readInteger(),
        payload.readableBytes > 0
      else { throw .truncatedPayload(codec: .h264, size: size) }
      try takeFragment(payload, indicator: indicator, header: fragmentHeader)
    default:
      throw .unsupportedPayloadStructure(type: type)
    }
  }

  private mutating func takeAggregate(_ payload: inout ByteBuffer, size: Int) throws(RTPError) {
    repeat {
      guard let length: UInt16 = payload.readInteger(), length > 0, let unit = payload.readSlice(length: Int(length))
      else { throw .truncatedPayload(codec: .h264, size: size) }
      let type = (unit.getInteger(at: unit.readerIndex) ?? UInt8(0)) & 0x1F
      guard (1...23).contains(type) else { throw .unsupportedPayloadStructure(type: type) }
      try append(unit)
    } while payload.readableBytes > 0
  }

  private mutating func takeFragment(_ payload: ByteBuffer, indicator: UInt8, header: UInt8) throws(RTPError) {
    guard case .joining(let timestamp, let isKeyFrame, let open) = state else { return }
    let type = header & 0x1F
    let isStart = header & 0x80 != 0
    let isEnd = header & 0x40 != 0
    var fragment: Fragment
    if isStart {
      guard open == nil, !isEnd, (1...23).contains(type) else { throw .invalidFragment(header: header) }
      try checkSize(adding: 5)
      fragment = Fragment(lengthIndex: data.writerIndex, type: type)
      data.writeInteger(UInt32(0))
      data.writeInteger(indicator & 0xE0 | type)
    } else {
      guard let open, open.type == type else { throw .invalidFragment(header: header) }
      fragment = open
    }
    try checkSize(adding: payload.readableBytes)
    data.writeImmutableBuffer(payload)
    if isEnd {
      data.setInteger(UInt32(data.writerIndex - fragment.lengthIndex - 4), at: fragment.lengthIndex)
    }
    state = .joining(
      timestamp: timestamp, isKeyFrame: isKeyFrame || type == NALUnitType.idrSlice, fragment: isEnd ? nil : fragment)
  }

  private mutating func append(_ unit: ByteBuffer) throws(RTPError) {
    guard case .joining(let timestamp, let isKeyFrame, let fragment) = state else { return }
    try checkSize(adding: 4 + unit.readableBytes)
    data.writeInteger(UInt32(unit.readableBytes))
    data.writeImmutableBuffer(unit)
    let type = (unit.getInteger(at: unit.readerIndex) ?? UInt8(0)) & 0x1F
    state = .joining(
      timestamp: timestamp, isKeyFrame: isKeyFrame || type == NALUnitType.idrSlice, fragment: fragment)
  }

  private func checkSize(adding more: Int) throws(RTPError) {
    let size = data.readableBytes + more
    guard size <= maximumFrameSize else { throw .frameTooLarge(size: size, limit: maximumFrameSize) }
  }

  /// Whether the payload's first NAL unit can only be the first of a picture: what precedes slices, or a slice that
  /// begins with macroblock 0, which is one bit long: 1 (ITU-T H.264, sections 7.4.1.2.3 and 7.3.3).
  private static func beginsPicture(_ payload: ByteBuffer) -> Bool {
    func byte(_ offset: Int) -> UInt8 {
      offset < payload.readableBytes ? payload.getInteger(at: payload.readerIndex + offset) ?? 0 : 0
    }
    var offset = 0
    var type = byte(0) & 0x1F
    if type == NALUnitType.singleTimeAggregation {
      offset = 3
      type = byte(3) & 0x1F
    } else if type == NALUnitType.fragmentation {
      guard byte(1) & 0x80 != 0 else { return false }
      offset = 1
      type = byte(1) & 0x1F
    }
    switch type {
    case NALUnitType.supplementalInformation, NALUnitType.sequenceParameterSet, NALUnitType.accessUnitDelimiter:
      return true
    case NALUnitType.slice, NALUnitType.idrSlice:
      return byte(offset + 1) & 0x80 != 0
    default:
      return false
    }
  }
}
