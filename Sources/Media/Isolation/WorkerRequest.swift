import NIOCore

/// Names a transcoder within one worker process; never used twice there.
struct TranscoderID: Hashable, Sendable {
  var number: UInt32
}

/// What the gateway asks of a worker process. Each `run` is answered in order; the others are not.
enum WorkerRequest: Equatable {
  /// Kind 1: id, settings. The codecs are opened by the first command.
  case open(TranscoderID, TranscoderSettings)
  /// Kind 2: id, command.
  case run(TranscoderID, TranscoderCommand)
  /// Kind 3: id.
  case close(TranscoderID)

  init(reading message: inout ByteBuffer) throws(WireError) {
    let kind = try message.wireInteger(UInt8.self)
    let id = TranscoderID(number: try message.wireInteger())
    switch kind {
    case 1: self = .open(id, try TranscoderSettings(reading: &message))
    case 2: self = .run(id, try TranscoderCommand(reading: &message))
    case 3: self = .close(id)
    default: throw .unknown(field: "request", value: kind)
    }
    try message.wireEnd()
  }

  func write(to bytes: inout ByteBuffer) {
    WireFormat.write(to: &bytes) { bytes in
      switch self {
      case .open(let id, let settings):
        bytes.writeMultipleIntegers(UInt8(1), id.number)
        settings.write(to: &bytes)
      case .run(let id, let command):
        bytes.writeMultipleIntegers(UInt8(2), id.number)
        command.write(to: &bytes)
      case .close(let id): bytes.writeMultipleIntegers(UInt8(3), id.number)
      }
    }
  }
}

extension TranscoderCommand {
  /// A kind of 8 bits, and the fields of its kind; a frame goes to the end of the message.
  init(reading message: inout ByteBuffer) throws(WireError) {
    switch try message.wireInteger(UInt8.self) {
    case 1: self = .push(try EncodedFrame(reading: &message))
    case 2: self = .catchUp(try EncodedFrame(reading: &message))
    case 3: self = .showLatest(at: try message.wireOptional { (bytes) throws(WireError) in try bytes.wireTime() })
    case 4: self = .requestKeyFrame
    case 5:
      self = .setBitRate(
        try message.wireOptional { (bytes) throws(WireError) in Int(try bytes.wireInteger(Int64.self)) })
    case 6: self = .repeatLatest(at: try message.wireTime())
    case 7: self = .finish
    case let kind: throw .unknown(field: "command", value: kind)
    }
  }

  func write(to bytes: inout ByteBuffer) {
    switch self {
    case .push(let frame):
      bytes.writeInteger(UInt8(1))
      frame.write(to: &bytes)
    case .catchUp(let frame):
      bytes.writeInteger(UInt8(2))
      frame.write(to: &bytes)
    case .showLatest(let time):
      bytes.writeInteger(UInt8(3))
      bytes.writeOptional(time) { $0.writeTime($1) }
    case .requestKeyFrame: bytes.writeInteger(UInt8(4))
    case .setBitRate(let rate):
      bytes.writeInteger(UInt8(5))
      bytes.writeOptional(rate) { $0.writeInteger(Int64($1)) }
    case .repeatLatest(let time):
      bytes.writeInteger(UInt8(6))
      bytes.writeTime(time)
    case .finish: bytes.writeInteger(UInt8(7))
    }
  }
}
