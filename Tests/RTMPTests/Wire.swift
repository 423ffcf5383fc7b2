import AMF
import NIOCore

@testable import RTMP

/// Bytes as clients write them, for what `ClientSession` does not write itself.
enum Wire {
  static func type0(_ id: Int, time: UInt32, length: Int, type: UInt8, stream: UInt32 = 1) -> [UInt8] {
    join(
      basic(0, id), be24(min(time, 0xFF_FFFF)), be24(UInt32(length)), [type], be32(stream.byteSwapped), extended(time))
  }

  static func type1(_ id: Int, delta: UInt32, length: Int, type: UInt8) -> [UInt8] {
    join(basic(1, id), be24(min(delta, 0xFF_FFFF)), be24(UInt32(length)), [type], extended(delta))
  }

  static func type2(_ id: Int, delta: UInt32) -> [UInt8] {
    basic(2, id) + be24(min(delta, 0xFF_FFFF)) + extended(delta)
  }

  static func type3(_ id: Int, extended time: UInt32? = nil) -> [UInt8] {
    basic(3, id) + (time.map(be32) ?? [])
  }

  static func basic(_ format: UInt8, _ id: Int) -> [UInt8] {
    switch id {
    case ..<64: [format << 6 | UInt8(id)]
    case ..<320: [format << 6, UInt8(id - 64)]
    default: [format << 6 | 1, UInt8((id - 64) & 0xFF), UInt8((id - 64) >> 8)]
    }
  }

  static func be32(_ value: UInt32) -> [UInt8] { withUnsafeBytes(of: value.bigEndian) { Array($0) } }
  static func be24(_ value: UInt32) -> [UInt8] { Array(be32(value).dropFirst()) }
  static func extended(_ time: UInt32) -> [UInt8] { time >= 0xFF_FFFF ? be32(time) : [] }

  /// A plain client's whole half of the handshake.
  static let handshake: [UInt8] = [3] + [UInt8](repeating: 0, count: 8) + [UInt8](repeating: 7, count: 3064)

  /// A command in chunks of 128 bytes.
  static func command(
    _ name: String, transaction: Double, object: AMFValue = .null, _ arguments: [AMFValue] = [], stream: UInt32 = 0,
    chunkStream: Int = 3
  ) throws -> [UInt8] {
    let command = Command(name, transaction: transaction, object: object, arguments: arguments)
    return chunks(try command.message(streamID: stream, chunkStream: chunkStream))
  }

  static func chunks(_ message: Message, size: Int = 128, repeatsExtendedTime: Bool = true) -> [UInt8] {
    var writer = ChunkWriter()
    writer.chunkSize = size
    writer.repeatsExtendedTime = repeatsExtendedTime
    var buffer = ByteBuffer()
    writer.write(message, into: &buffer)
    return Array(buffer.readableBytesView)
  }

  static func connect(app: String = "live", _ more: AMFProperties = [:], arguments: [AMFValue] = []) throws -> [UInt8] {
    var properties: [AMFProperties.Element] = [.init(key: "app", value: .string(app))]
    properties += more
    return try command("connect", transaction: 1, object: .object(AMFObject(AMFProperties(properties))), arguments)
  }

  /// Whole messages out of a server's answers, whose handshake has been dropped.
  static func messages(_ bytes: some Sequence<UInt8>) throws -> [Message] {
    var reader = ChunkReader(limits: .init())
    var buffer = ByteBuffer(bytes: bytes)
    var messages: [Message] = []
    while let message = try reader.read(&buffer) {
      if case .setChunkSize(let size) = try ProtocolControl(message) { try reader.setChunkSize(size) }
      messages.append(message)
    }
    return messages
  }
}

/// 0, 1, 2 ... 255, 0 ...
func ramp(_ count: Int, from first: Int = 0) -> [UInt8] {
  (0..<count).map { UInt8(truncatingIfNeeded: first + $0) }
}

/// The parts in a row.
func join(_ parts: [UInt8]...) -> [UInt8] {
  parts.flatMap { $0 }
}
