import NIOCore

/// Cuts H.264 access units into payloads of packetization mode 1 (RFC 6184): single NAL units, fragments (FU-A), and the
/// parameter sets together (STAP-A).
///
/// The parameter sets in force go out before each IDR picture, so a receiver can start at any of them. They come from the
/// configuration and from the stream itself; the later one counts.
public struct H264Packetizer: Sendable {
  /// How NAL units stand in the access units to come.
  public var framing: NALUnitFraming

  private let maximumPayload: Int
  private var parameterSets = H264ParameterSets()
  // Kept between frames, so that a frame needs no memory of its own for it.
  private var units: [NALUnit] = []

  /// - Parameter maximumPayload: Bytes, within `FrameSize.payloadRange`.
  public init(framing: NALUnitFraming, maximumPayload: Int = FrameSize.defaultPayload) {
    precondition(FrameSize.payloadRange.contains(maximumPayload))
    self.framing = framing
    self.maximumPayload = maximumPayload
  }

  /// Replaces the parameter sets in force with those of a configuration record.
  ///
  /// - Parameters:
  ///   - sequence: NAL units of type 7.
  ///   - picture: NAL units of type 8.
  /// - Throws: `invalidParameterSet`; the sets before stay in force.
  public mutating func setParameterSets(sequence: [ByteBuffer], picture: [ByteBuffer]) throws(RTPError) {
    var sets = H264ParameterSets()
    for unit in sequence { try sets.insert(unit) }
    for unit in picture { try sets.insert(unit) }
    parameterSets = sets
  }

  /// - Parameters:
  ///   - accessUnit: One coded picture. It is a key frame if it has an IDR slice and its parameter sets are known.
  ///   - mediaTime: Ticks at 90 kHz since media time zero.
  /// - Returns: Nil when the access unit has no slice; parameter sets in it are kept.
  /// - Throws: `frameTooLarge` beyond `FrameSize.maximum`, `tooManyPackets`, `invalidNALUnitLength`, `forbiddenBitSet`,
  ///   or `invalidParameterSet`.
  public mutating func packetize(_ accessUnit: ByteBuffer, mediaTime: Int64) throws(RTPError) -> PacketizedFrame? {
    let size = accessUnit.readableBytes
    guard size > 0 else { throw .emptyFrame }
    guard size <= FrameSize.maximum else { throw .frameTooLarge(size: size, limit: FrameSize.maximum) }
    try framing.scan(accessUnit, into: &units)
    try keepParameterSets(of: accessUnit)
    guard units.contains(where: { NALUnitType.isSlice($0.type) }) else { return nil }
    let hasIDR = units.contains { $0.type == NALUnitType.idrSlice }
    let sets = hasIDR ? parameterSets.units : []
    units.removeAll { !NALUnitType.isSent($0.type) || hasIDR && Self.isParameterSet($0.type) }

    let plan = try plan(sets)
    var writer = PayloadWriter(packets: plan.packets, bytes: plan.bytes)
    write(sets, into: &writer)
    accessUnit.withUnsafeReadableBytes { bytes in
      for unit in units { write(UnsafeRawBufferPointer(rebasing: bytes[unit.range]), into: &writer) }
    }
    return PacketizedFrame(
      codec: .h264, mediaTime: mediaTime, isKeyFrame: hasIDR && parameterSets.isComplete,
      markedPacket: plan.packets - 1, taking: writer.finish())
  }

  private mutating func keepParameterSets(of accessUnit: ByteBuffer) throws(RTPError) {
    for unit in units where Self.isParameterSet(unit.type) {
      guard
        let slice = accessUnit.getSlice(at: accessUnit.readerIndex + unit.range.lowerBound, length: unit.range.count)
      else { continue }
      try parameterSets.insert(slice)
    }
  }

  private static func isParameterSet(_ type: UInt8) -> Bool {
    type == NALUnitType.sequenceParameterSet || type == NALUnitType.pictureParameterSet
  }
}

extension H264Packetizer {
  /// The packets and bytes that the frame will have.
  private func plan(_ sets: [ByteBuffer]) throws(RTPError) -> (packets: Int, bytes: Int) {
    var packets = 0
    var bytes = 0
    func add(_ size: Int) {
      let fragments = fragments(size)
      packets += fragments?.count ?? 1
      bytes += fragments.map { size - 1 + 2 * $0.count } ?? size
    }
    if let size = aggregateSize(sets) {
      packets = 1
      bytes = size
    } else {
      for set in sets { add(set.readableBytes) }
    }
    for unit in units { add(unit.range.count) }
    guard packets <= PacketizedFrame.maximumPackets else {
      throw .tooManyPackets(count: packets, limit: PacketizedFrame.maximumPackets)
    }
    return (packets, bytes)
  }

  /// How a NAL unit of `size` bytes is cut behind its header; nil if it fits into one payload.
  private func fragments(_ size: Int) -> EvenSplit? {
    size <= maximumPayload ? nil : EvenSplit(size: size - 1, maximum: maximumPayload - 2)
  }

  /// Bytes of the STAP-A with all sets; nil if there are not several, or they do not fit.
  private func aggregateSize(_ sets: [ByteBuffer]) -> Int? {
    let size = sets.reduce(1) { $0 + 2 + $1.readableBytes }
    return sets.count > 1 && size <= maximumPayload ? size : nil
  }

  private func write(_ sets: [ByteBuffer], into writer: inout PayloadWriter) {
    guard aggregateSize(sets) != nil else {
      for set in sets { set.withUnsafeReadableBytes { write($0, into: &writer) } }
      return
    }
    // The aggregate is as important as its most important unit (RFC 6184, section 5.7).
    let importance = sets.reduce(0) { max($0, ($1.getInteger(at: $1.readerIndex) ?? UInt8(0)) & 0x60) }
    writer.append(importance | NALUnitType.singleTimeAggregation)
    for set in sets {
      writer.append(bigEndian: UInt16(truncatingIfNeeded: set.readableBytes))
      set.withUnsafeReadableBytes { writer.append($0) }
    }
    writer.endPayload()
  }

  private func write(_ unit: UnsafeRawBufferPointer, into writer: inout PayloadWriter) {
    guard let split = fragments(unit.count) else {
      writer.append(unit)
      writer.endPayload()
      return
    }
    let header = unit[0]
    let body = UnsafeRawBufferPointer(rebasing: unit[1...])
    for index in 0..<split.count {
      let edge: UInt8 = index == 0 ? 0x80 : index == split.count - 1 ? 0x40 : 0
      writer.append(header & 0xE0 | NALUnitType.fragmentation)
      writer.append(header & 0x1F | edge)
      writer.append(UnsafeRawBufferPointer(rebasing: body[split.range(index)]))
      writer.endPayload()
    }
  }
}
