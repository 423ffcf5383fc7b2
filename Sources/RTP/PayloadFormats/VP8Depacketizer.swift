import NIOCore

/// Joins VP8 payloads into frames (RFC 7741).
///
/// A frame is whole when it was seen from the start of partition 0 to the marker without a gap; what is not whole is
/// passed over.
public struct VP8Depacketizer: Sendable {
  private enum State {
    case waiting
    case joining(timestamp: UInt32)
  }

  private let maximumFrameSize: Int
  private var gate = SequenceGate()
  private var state = State.waiting
  // Beside the state, not in it: bytes are appended in place.
  private var data = ByteBuffer()

  /// - Parameter maximumFrameSize: Larger frames are refused as soon as they are.
  public init(maximumFrameSize: Int = FrameSize.maximum) {
    self.maximumFrameSize = maximumFrameSize
  }

  /// Takes the next packet in the order of sequence numbers; gaps are allowed.
  ///
  /// - Returns: A frame, when this packet is its last one.
  /// - Throws: `truncatedPayload` or `frameTooLarge`; the frame is passed over.
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
      throw error
    }
  }

  private mutating func join(_ packet: RTPPacket) throws(RTPError) -> DepacketizedFrame? {
    var payload = packet.payload
    let descriptor = try VP8PayloadDescriptor(parsing: &payload)
    if descriptor.startsPartition, descriptor.partition == 0 {
      abandon()
      state = .joining(timestamp: packet.header.timestamp)
    }
    guard case .joining(let timestamp) = state else { return nil }
    guard timestamp == packet.header.timestamp else {
      abandon()
      return nil
    }
    let size = data.readableBytes + payload.readableBytes
    guard size <= maximumFrameSize else { throw .frameTooLarge(size: size, limit: maximumFrameSize) }
    data.writeBuffer(&payload)
    guard packet.header.marker else { return nil }
    let frame = DepacketizedFrame(
      timestamp: timestamp, isKeyFrame: (data.getInteger(at: data.readerIndex, as: UInt8.self) ?? 1) & 1 == 0,
      packetsLostBefore: gate.takeLost(), data: data)
    state = .waiting
    data = ByteBuffer()
    return frame
  }

  private mutating func abandon() {
    state = .waiting
    data.clear()
  }
}
