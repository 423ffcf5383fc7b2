import NIOCore

/// Sources that leave (RFC 3550, section 6.6).
public struct Goodbye: RTCPBody {
  /// At most 31.
  public var sources: [UInt32]
  /// At most 255 bytes of UTF-8.
  public var reason: String?

  /// A goodbye; see the properties.
  public init(sources: [UInt32], reason: String? = nil) {
    self.sources = sources
    self.reason = reason
  }

  var packetType: UInt8 { RTCPPacketType.goodbye }
  var countOrFormat: Int { sources.count }
  var bodySize: Int { sources.count * 4 + (reason.map { 1 + $0.utf8.count } ?? 0) }

  init(parsing body: inout ByteBuffer, countOrFormat: UInt8) throws(RTPError) {
    let type = RTCPPacketType.goodbye
    sources = []
    for _ in 0..<countOrFormat { sources.append(try body.readField(of: type)) }
    guard let length: UInt8 = body.readInteger() else { return }
    guard let text = body.readString(length: Int(length)) else {
      throw .truncatedReport(type: type, needed: Int(length), available: body.readableBytes)
    }
    reason = text
  }

  func writeBody(into buffer: inout ByteBuffer) throws(RTPError) {
    for source in sources { buffer.writeInteger(source) }
    guard let reason else { return }
    let length = reason.utf8.count
    guard length <= 255 else { throw .textTooLong(length: length) }
    buffer.writeInteger(UInt8(length))
    buffer.writeString(reason)
  }
}
