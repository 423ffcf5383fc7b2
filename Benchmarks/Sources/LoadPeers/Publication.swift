import FLV
import Foundation
import NIOCore
import RTMP

/// What a publisher sends: the media of an FLV file, as messages.
public struct Publication: Sendable {
  /// Metadata aside, what goes out before the first frame: the codecs' configurations.
  public private(set) var beginning: [MediaMessage] = []
  /// The frames, times from zero in milliseconds.
  public private(set) var frames: [MediaMessage] = []
  /// After how many milliseconds the first frame comes again.
  public private(set) var duration: Int64 = 0
  /// Where in the body of an H.264 picture the time of writing stands, as 16 hexadecimal digits.
  public static let stampOffset = 5 + 4 + 3 + 16
  static let stampID: [UInt8] = Array("FlashGate/bench\0".utf8)

  /// - Parameter isStamped: puts an SEI message with room for a time before each H.264 picture.
  public init(file: String, isStamped: Bool = false) throws {
    var bytes = ByteBuffer(bytes: try Data(contentsOf: URL(fileURLWithPath: file)))
    var reader = FLVReader()
    while bytes.readableBytes > 0 {
      var part = bytes.readSlice(length: min(bytes.readableBytes, 1 << 16)) ?? ByteBuffer()
      reader.receive(&part)
      while let tag = reader.next() { self.add(tag, isStamped: isStamped) }
    }
    reader.finish()
    while let tag = reader.next() { self.add(tag, isStamped: isStamped) }
    let first = self.frames.first?.timestamp ?? 0
    for index in self.frames.indices { self.frames[index].timestamp -= first }
    self.duration = (self.frames.last?.timestamp ?? 0) + 40
  }

  /// The same without pictures.
  public var soundAlone: Publication {
    var sound = self
    sound.beginning.removeAll { $0.kind == .video }
    sound.frames.removeAll { $0.kind == .video }
    return sound
  }

  private mutating func add(_ tag: FLVTag, isStamped: Bool) {
    guard let kind = MediaMessage.Kind(rawValue: tag.type.rawValue), kind != .data else { return }
    let body = tag.body.getBytes(at: tag.body.readerIndex, length: min(2, tag.body.readableBytes)) ?? []
    guard body.count == 2 else { return }
    var message = MediaMessage(kind: kind, streamID: 1, timestamp: Int64(tag.timestamp), body: tag.body)
    let isAVC = kind == .video && body[0] & 15 == 7
    if (isAVC || kind == .audio && body[0] >> 4 == 10) && body[1] == 0 {
      message.timestamp = 0
      self.beginning.append(message)
      return
    }
    if isAVC, body[1] != 1 { return }
    if isAVC, isStamped { message.body = Self.stamped(message.body) }
    self.frames.append(message)
  }

  /// The picture with an SEI message of unregistered user data (H.264 annex D.1.7) in front.
  private static func stamped(_ body: ByteBuffer) -> ByteBuffer {
    var body = body
    var result = body.readSlice(length: 5) ?? ByteBuffer()
    let unit: [UInt8] = [6, 5, 32] + self.stampID + Array(repeating: 48, count: 16) + [0x80]
    result.writeInteger(UInt32(unit.count))
    result.writeBytes(unit)
    result.writeBuffer(&body)
    return result
  }

  /// Whether a message has room for a stamp.
  public static func isStamped(_ message: MediaMessage) -> Bool {
    message.kind == .video && message.body.readableBytes > self.stampOffset + 16
      && message.body.getBytes(at: message.body.readerIndex + 12, length: 16) == self.stampID
  }

  /// Writes nanoseconds into a message's stamp.
  public static func stamp(_ message: inout MediaMessage, _ time: UInt64) {
    let digits = Array("0123456789abcdef".utf8)
    for place in 0..<16 {
      message.body.setInteger(
        digits[Int(time >> UInt64(60 - 4 * place) & 15)], at: message.body.readerIndex + self.stampOffset + place)
    }
  }

  /// The stamp of a NAL unit, if it is an SEI message with one.
  static func stamp(in unit: UnsafeRawBufferPointer) -> UInt64? {
    guard unit.count >= 35, unit[0] & 31 == 6, unit[1] == 5 else { return nil }
    for (index, byte) in self.stampID.enumerated() where unit[3 + index] != byte { return nil }
    var time: UInt64 = 0
    for digit in unit[19..<35] { time = time << 4 | UInt64(digit > 57 ? digit - 87 : digit - 48) }
    return time
  }
}
