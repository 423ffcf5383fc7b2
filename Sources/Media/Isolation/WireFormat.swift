import NIOCore

/// How gateway and worker process talk: messages on a stream socket, each a length of 32 bits (big endian, as all
/// numbers), a kind of 8 bits, and its fields. What each kind holds stands with `WorkerRequest` and `WorkerReply`.
///
/// Both ends are of one binary, and yet both read as if the other were a stranger: a worker that hostile media has
/// taken over must not harm the gateway by what it answers.
enum WireFormat {
  /// Changes whenever a message does; told by the worker's first message.
  static let version: UInt16 = 3
  /// Most bytes of a message: a frame and its few fields.
  static let maximumMessage = MediaLimits().encodedFrame + MediaLimits().configuration + 1024
  /// Media times lie between its negative and itself, in microseconds; twice what transcoders hold to.
  static let maximumTime = MediaTime.ceiling * 2
  /// Most bytes of a name.
  static let maximumName = 64
  /// Most frames and bytes that may come out of one command: a message of seconds of sound makes many packets.
  static let maximumFrames = 8192
  static let maximumBytes = 32 << 20

  /// Takes the next whole message, its length left out; nil until it is there.
  static func nextMessage(of bytes: inout ByteBuffer) throws(WireError) -> ByteBuffer? {
    guard let length = bytes.getInteger(at: bytes.readerIndex, as: UInt32.self).map(Int.init) else { return nil }
    guard length <= self.maximumMessage else { throw .tooLong(length: length, limit: self.maximumMessage) }
    guard bytes.readableBytes >= 4 + length else { return nil }
    bytes.moveReaderIndex(forwardBy: 4)
    return bytes.readSlice(length: length)
  }

  /// Appends a message of what `body` writes.
  static func write(to bytes: inout ByteBuffer, _ body: (inout ByteBuffer) -> Void) {
    let start = bytes.writerIndex
    bytes.writeInteger(UInt32(0))
    body(&bytes)
    bytes.setInteger(UInt32(clamping: bytes.writerIndex - start - 4), at: start)
  }
}

/// Fields that most messages share.
extension ByteBuffer {
  mutating func wireInteger<Number: FixedWidthInteger>(_ type: Number.Type = Number.self) throws(WireError) -> Number {
    guard let number = self.readInteger(as: type) else {
      throw .truncated(needed: MemoryLayout<Number>.size, left: self.readableBytes)
    }
    return number
  }

  mutating func wireBytes(_ length: Int) throws(WireError) -> ByteBuffer {
    guard let bytes = self.readSlice(length: length) else {
      throw .truncated(needed: length, left: self.readableBytes)
    }
    // A copy, so that nobody holds on to the receive buffer.
    return ByteBuffer(bytes: bytes.readableBytesView)
  }

  mutating func wireName(_ field: String) throws(WireError) -> String {
    let length = Int(try self.wireInteger(UInt8.self))
    guard length <= WireFormat.maximumName else { throw .tooLong(length: length, limit: WireFormat.maximumName) }
    guard let bytes = self.readBytes(length: length) else {
      throw .truncated(needed: length, left: self.readableBytes)
    }
    guard let name = String(validating: bytes, as: UTF8.self) else { throw .notText(field: field) }
    return name
  }

  mutating func wireOptional<Value>(
    _ read: (inout ByteBuffer) throws(WireError) -> Value
  ) throws(WireError) -> Value? {
    switch try self.wireInteger(UInt8.self) {
    case 0: return nil
    case 1: return try read(&self)
    case let other: throw .unknown(field: "presence", value: other)
    }
  }

  mutating func wireTime() throws(WireError) -> Int64 {
    let time = try self.wireInteger(Int64.self)
    guard (-WireFormat.maximumTime...WireFormat.maximumTime).contains(time) else { throw .timeOutOfRange(time) }
    return time
  }

  mutating func writeTime(_ time: Int64) {
    self.writeInteger(min(max(time, -WireFormat.maximumTime), WireFormat.maximumTime))
  }

  func wireEnd() throws(WireError) {
    if self.readableBytes > 0 { throw .trailing(self.readableBytes) }
  }

  mutating func writeName(_ name: String) {
    let bytes = name.utf8.prefix(WireFormat.maximumName)
    self.writeInteger(UInt8(bytes.count))
    self.writeBytes(bytes)
  }

  mutating func writeOptional<Value>(_ value: Value?, _ write: (inout ByteBuffer, Value) -> Void) {
    self.writeInteger(UInt8(value == nil ? 0 : 1))
    if let value { write(&self, value) }
  }
}
