import NIOCore
import Testing

@testable import RTP

/// Bytes from hexadecimal text; spaces are for the reader.
func hex(_ text: String) -> [UInt8] {
  let digits = text.filter(\.isHexDigit)
  return stride(from: 0, to: digits.count, by: 2).compactMap { offset in
    let start = digits.index(digits.startIndex, offsetBy: offset)
    return UInt8(digits[start..<digits.index(start, offsetBy: 2)], radix: 16)
  }
}

extension ByteBuffer {
  var bytes: [UInt8] { Array(readableBytesView) }

  init(_ bytes: [UInt8]) {
    self.init(bytes: bytes)
  }

  /// The same bytes, but not at the start of their memory.
  static func shifted(_ bytes: [UInt8]) -> ByteBuffer {
    var buffer = ByteBuffer(bytes: [9, 9, 9] + bytes + [9, 9])
    buffer.moveReaderIndex(forwardBy: 3)
    buffer.moveWriterIndex(to: buffer.writerIndex - 2)
    return buffer
  }
}

extension PacketizedFrame {
  var payloads: [[UInt8]] { (0..<count).map { payload($0).bytes } }

  /// The packets of the frame as a receiver gets them.
  func packets(from sequenceNumber: UInt16, timestamp: UInt32) -> [RTPPacket] {
    (0..<count).map { index in
      RTPPacket(
        header: RTPHeader(
          marker: marker(index), payloadType: 96, sequenceNumber: sequenceNumber &+ UInt16(index),
          timestamp: timestamp, ssrc: 7),
        payload: payload(index))
    }
  }
}

extension RTPPacket {
  /// A packet with the parts that depacketizers look at.
  init(_ sequenceNumber: UInt16, time: UInt32 = 0, marker: Bool = false, _ payload: [UInt8]) {
    self.init(
      header: RTPHeader(marker: marker, payloadType: 96, sequenceNumber: sequenceNumber, timestamp: time, ssrc: 7),
      payload: ByteBuffer(payload))
  }
}
