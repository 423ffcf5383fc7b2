import NIOCore

/// What a receiver that sends nothing says about the streams it receives (RFC 3550, section 6.4.2).
public struct ReceiverReport: RTCPBody {
  /// The source that reports.
  public var ssrc: UInt32
  /// At most 31; may be empty.
  public var reports: [ReportBlock]

  /// A report; see the properties.
  public init(ssrc: UInt32, reports: [ReportBlock] = []) {
    self.ssrc = ssrc
    self.reports = reports
  }

  var packetType: UInt8 { RTCPPacketType.receiverReport }
  var countOrFormat: Int { reports.count }
  var bodySize: Int { 4 + reports.count * ReportBlock.size }

  /// Extensions of a profile behind the blocks are passed over.
  init(parsing body: inout ByteBuffer, countOrFormat: UInt8) throws(RTPError) {
    ssrc = try body.readField(of: RTCPPacketType.receiverReport)
    reports = try ReportBlock.readBlocks(&body, count: countOrFormat, type: RTCPPacketType.receiverReport)
  }

  func writeBody(into buffer: inout ByteBuffer) {
    buffer.writeInteger(ssrc)
    for report in reports { report.write(into: &buffer) }
  }
}
