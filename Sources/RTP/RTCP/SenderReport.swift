import NIOCore

/// What a sender says about its stream and the streams it receives (RFC 3550, section 6.4.1).
public struct SenderReport: RTCPBody {
  /// The source that reports.
  public var ssrc: UInt32
  /// Wall-clock time of the report.
  public var ntpTime: NTPTime
  /// The same instant on the stream's RTP clock.
  public var rtpTimestamp: UInt32
  /// Packets sent since the beginning, modulo 2^32.
  public var packetCount: UInt32
  /// Payload bytes sent since the beginning, modulo 2^32.
  public var octetCount: UInt32
  /// At most 31.
  public var reports: [ReportBlock]

  /// A report; see the properties.
  public init(
    ssrc: UInt32, ntpTime: NTPTime, rtpTimestamp: UInt32, packetCount: UInt32, octetCount: UInt32,
    reports: [ReportBlock] = []
  ) {
    self.ssrc = ssrc
    self.ntpTime = ntpTime
    self.rtpTimestamp = rtpTimestamp
    self.packetCount = packetCount
    self.octetCount = octetCount
    self.reports = reports
  }

  var packetType: UInt8 { RTCPPacketType.senderReport }
  var countOrFormat: Int { reports.count }
  var bodySize: Int { 24 + reports.count * ReportBlock.size }

  /// Extensions of a profile behind the blocks are passed over.
  init(parsing body: inout ByteBuffer, countOrFormat: UInt8) throws(RTPError) {
    let type = RTCPPacketType.senderReport
    ssrc = try body.readField(of: type)
    ntpTime = NTPTime(rawValue: try body.readField(of: type))
    rtpTimestamp = try body.readField(of: type)
    packetCount = try body.readField(of: type)
    octetCount = try body.readField(of: type)
    reports = try ReportBlock.readBlocks(&body, count: countOrFormat, type: type)
  }

  func writeBody(into buffer: inout ByteBuffer) {
    buffer.writeMultipleIntegers(ssrc, ntpTime.rawValue, rtpTimestamp, packetCount, octetCount)
    for report in reports { report.write(into: &buffer) }
  }
}
