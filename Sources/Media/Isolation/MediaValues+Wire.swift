import NIOCore

extension TranscoderSettings {
  /// A kind of 8 bits, the format, the target.
  init(reading message: inout ByteBuffer) throws(WireError) {
    switch try message.wireInteger(UInt8.self) {
    case 1: self = .sound(try AudioFormat(reading: &message), to: try AudioTarget(reading: &message))
    case 2: self = .picture(try VideoFormat(reading: &message), to: try VideoTarget(reading: &message))
    case let kind: throw .unknown(field: "settings", value: kind)
    }
  }

  func write(to bytes: inout ByteBuffer) {
    switch self {
    case .sound(let format, let target):
      bytes.writeInteger(UInt8(1))
      format.write(to: &bytes)
      target.write(to: &bytes)
    case .picture(let format, let target):
      bytes.writeInteger(UInt8(2))
      format.write(to: &bytes)
      target.write(to: &bytes)
    }
  }
}

extension AudioFormat {
  init(reading message: inout ByteBuffer) throws(WireError) {
    guard let codec = AudioCodec(rawValue: try message.wireName("audio codec")) else {
      throw .unknownName(field: "audio codec")
    }
    self.init(
      codec: codec, sampleRate: Int(try message.wireInteger(Int64.self)),
      channels: Int(try message.wireInteger(Int64.self)), configuration: try message.wireConfiguration())
  }

  func write(to bytes: inout ByteBuffer) {
    bytes.writeName(self.codec.rawValue)
    bytes.writeMultipleIntegers(Int64(self.sampleRate), Int64(self.channels))
    bytes.writeConfiguration(self.configuration)
  }
}

extension VideoFormat {
  init(reading message: inout ByteBuffer) throws(WireError) {
    guard let codec = VideoCodec(rawValue: try message.wireName("video codec")) else {
      throw .unknownName(field: "video codec")
    }
    self.init(codec: codec, configuration: try message.wireConfiguration())
  }

  func write(to bytes: inout ByteBuffer) {
    bytes.writeName(self.codec.rawValue)
    bytes.writeConfiguration(self.configuration)
  }
}

extension AudioTarget {
  init(reading message: inout ByteBuffer) throws(WireError) {
    switch try message.wireInteger(UInt8.self) {
    case 1: self = .opus(channels: try message.wireNumber(), bitRate: try message.wireNumber())
    case let kind: throw .unknown(field: "audio target", value: kind)
    }
  }

  func write(to bytes: inout ByteBuffer) {
    switch self {
    case .opus(let channels, let bitRate):
      bytes.writeInteger(UInt8(1))
      bytes.writeNumber(channels)
      bytes.writeNumber(bitRate)
    }
  }
}

extension VideoTarget {
  init(reading message: inout ByteBuffer) throws(WireError) {
    guard let codec = Codec(rawValue: try message.wireName("target codec")) else {
      throw .unknownName(field: "target codec")
    }
    self.init(
      codec: codec, bitRate: try message.wireNumber(), reduction: Int(try message.wireInteger(Int64.self)),
      pictureRate: try message.wireNumber())
  }

  func write(to bytes: inout ByteBuffer) {
    bytes.writeName(self.codec.rawValue)
    bytes.writeNumber(self.bitRate)
    bytes.writeInteger(Int64(self.reduction))
    bytes.writeNumber(self.pictureRate)
  }
}

extension ByteBuffer {
  fileprivate mutating func wireNumber() throws(WireError) -> Int? {
    try self.wireOptional { (bytes) throws(WireError) in Int(try bytes.wireInteger(Int64.self)) }
  }

  fileprivate mutating func writeNumber(_ number: Int?) {
    self.writeOptional(number) { $0.writeInteger(Int64($1)) }
  }

  fileprivate mutating func wireConfiguration() throws(WireError) -> ByteBuffer? {
    try self.wireOptional { (bytes) throws(WireError) in
      let length = Int(try bytes.wireInteger(UInt32.self))
      let limit = MediaLimits().configuration + 1
      guard length <= limit else { throw .tooLong(length: length, limit: limit) }
      return try bytes.wireBytes(length)
    }
  }

  /// A record beyond the limit is cut to a byte more than the limit, which the transcoder refuses like the whole.
  fileprivate mutating func writeConfiguration(_ record: ByteBuffer?) {
    self.writeOptional(record) { bytes, record in
      let kept = record.readableBytesView.prefix(MediaLimits().configuration + 1)
      bytes.writeInteger(UInt32(kept.count))
      bytes.writeBytes(kept)
    }
  }
}
