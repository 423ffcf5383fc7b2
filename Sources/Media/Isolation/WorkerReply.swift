import NIOCore

/// What a worker process answers: `hello` once, then for each command any number of `frame` and one `done` or `failed`.
enum WorkerReply: Equatable {
  /// Kind 1: version of the format, and what could not be done to confine the process.
  case hello(version: UInt16, missing: Confinement)
  /// Kind 2: a frame that came out of the oldest command without an end.
  case frame(EncodedFrame)
  /// Kind 3: the oldest command ended well; CPU time it took, in nanoseconds.
  case done(cpuTime: UInt64)
  /// Kind 4: it failed; CPU time, and why.
  case failed(cpuTime: UInt64, MediaError)

  init(reading message: inout ByteBuffer) throws(WireError) {
    switch try message.wireInteger(UInt8.self) {
    case 1:
      self = .hello(version: try message.wireInteger(), missing: Confinement(rawValue: try message.wireInteger()))
    case 2: self = .frame(try EncodedFrame(reading: &message))
    case 3: self = .done(cpuTime: try message.wireInteger())
    case 4: self = .failed(cpuTime: try message.wireInteger(), try MediaError(reading: &message))
    case let kind: throw .unknown(field: "reply", value: kind)
    }
    try message.wireEnd()
  }

  func write(to bytes: inout ByteBuffer) {
    WireFormat.write(to: &bytes) { bytes in
      switch self {
      case .hello(let version, let missing): bytes.writeMultipleIntegers(UInt8(1), version, missing.rawValue)
      case .frame(let frame):
        bytes.writeInteger(UInt8(2))
        frame.write(to: &bytes)
      case .done(let time): bytes.writeMultipleIntegers(UInt8(3), time)
      case .failed(let time, let error):
        bytes.writeMultipleIntegers(UInt8(4), time)
        error.write(to: &bytes)
      }
    }
  }
}

extension EncodedFrame {
  /// Time of 64 bits, flags of 8 (bit 0: key frame; bit 1: a level of 8 bits follows), and all the rest of the message is
  /// the codec's.
  init(reading message: inout ByteBuffer) throws(WireError) {
    let time = try message.wireTime()
    let flags = try message.wireInteger(UInt8.self)
    guard flags <= 3 else { throw .unknown(field: "frame flags", value: flags) }
    let attenuation: UInt8? = flags & 2 != 0 ? try message.wireInteger() : nil
    if let attenuation, attenuation > 127 { throw .unknown(field: "level", value: attenuation) }
    let limit = MediaLimits().encodedFrame
    guard message.readableBytes <= limit else { throw .tooLong(length: message.readableBytes, limit: limit) }
    self.init(
      time: time, isKeyFrame: flags & 1 != 0, data: try message.wireBytes(message.readableBytes),
      attenuation: attenuation)
  }

  func write(to bytes: inout ByteBuffer) {
    bytes.writeTime(self.time)
    bytes.writeInteger(UInt8(self.isKeyFrame ? 1 : 0) | (self.attenuation == nil ? 0 : 2))
    if let attenuation = self.attenuation { bytes.writeInteger(min(attenuation, 127)) }
    // A frame beyond the limit is damage, and so is an empty one.
    if self.data.readableBytes <= MediaLimits().encodedFrame { bytes.writeImmutableBuffer(self.data) }
  }
}
