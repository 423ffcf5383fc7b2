import NIOCore

extension MediaError {
  /// A kind of 8 bits, a name, and two numbers, whatever the kind needs of them.
  init(reading message: inout ByteBuffer) throws(WireError) {
    let kind = try message.wireInteger(UInt8.self)
    let name = try message.wireName("error")
    let (first, second) = (Int(try message.wireInteger(Int64.self)), Int(try message.wireInteger(Int64.self)))
    let code = Int32(clamping: second)
    switch kind {
    case 1: self = .codecMissing(name: name)
    case 2: self = .configurationMissing(codec: name)
    case 3: self = .configurationTooLong(codec: name, length: first, limit: second)
    case 4: self = .formatOutOfRange(field: name, value: first)
    case 5: self = .openFailed(codec: name, code: code)
    case 6: self = .damaged(codec: name, inARow: first, code: code)
    case 7: self = .encodingFailed(codec: name, code: code)
    case 8: self = .scalingFailed(code: code)
    case 9: self = .resamplingFailed(code: code)
    case 10: self = .outOfMemory
    case 11: self = .noWorker(code: code)
    default: throw .unknown(field: "error", value: kind)
    }
  }

  func write(to bytes: inout ByteBuffer) {
    let (kind, name, first, second): (UInt8, String, Int, Int) =
      switch self {
      case .codecMissing(let name): (1, name, 0, 0)
      case .configurationMissing(let codec): (2, codec, 0, 0)
      case .configurationTooLong(let codec, let length, let limit): (3, codec, length, limit)
      case .formatOutOfRange(let field, let value): (4, field, value, 0)
      case .openFailed(let codec, let code): (5, codec, 0, Int(code))
      case .damaged(let codec, let count, let code): (6, codec, count, Int(code))
      case .encodingFailed(let codec, let code): (7, codec, 0, Int(code))
      case .scalingFailed(let code): (8, "", 0, Int(code))
      case .resamplingFailed(let code): (9, "", 0, Int(code))
      case .outOfMemory: (10, "", 0, 0)
      case .noWorker(let code): (11, "", 0, Int(code))
      }
    bytes.writeInteger(kind)
    bytes.writeName(name)
    bytes.writeMultipleIntegers(Int64(first), Int64(second))
  }
}
