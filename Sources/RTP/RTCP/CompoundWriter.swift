import NIOCore

/// Puts an RTCP compound together (RFC 3550, section 6.1).
///
/// The first packet is a report and one of them names the source; `finish` refuses anything else. Feedback alone may
/// be sent as it is where reduced size was negotiated (RFC 5506): `finishReducedSize`.
public struct CompoundWriter {
  /// The largest compound written, in bytes, before encryption.
  public static let maximumSize = 1200

  private var buffer: ByteBuffer
  private var startsWithReport = false
  private var hasCNAME = false

  /// - Parameter buffer: Emptied and written to; hand back the finished one to write without allocating.
  public init(reusing buffer: ByteBuffer = ByteBuffer()) {
    self.buffer = buffer
    self.buffer.clear()
  }

  /// Appends a packet; one that is refused leaves the compound as it was.
  ///
  /// - Throws: `compoundTooLarge`, or what `RTCPPacket.write` throws.
  public mutating func append(_ packet: RTCPPacket) throws(RTPError) {
    let size = buffer.readableBytes + packet.size
    guard size <= Self.maximumSize else { throw .compoundTooLarge(count: size, limit: Self.maximumSize) }
    let start = buffer.writerIndex
    do {
      try packet.write(into: &buffer)
    } catch {
      buffer.moveWriterIndex(to: start)
      throw error
    }
    switch packet {
    case .senderReport, .receiverReport:
      if start == 0 { startsWithReport = true }
    case .sourceDescription(let description):
      hasCNAME = hasCNAME || description.chunks.contains { $0.cname != nil }
    default:
      break
    }
  }

  /// The compound.
  ///
  /// - Throws: `incompleteCompound` without a report in front or without a CNAME.
  public consuming func finish() throws(RTPError) -> ByteBuffer {
    guard startsWithReport, hasCNAME else { throw .incompleteCompound }
    return buffer
  }

  /// What was appended, whatever it is.
  public consuming func finishReducedSize() -> ByteBuffer {
    buffer
  }
}
