import AMF
import NIOCore

/// Both codecs by one face, for what holds of both.
enum Coding: CaseIterable, Sendable {
  case amf0, amf3

  func decode(_ bytes: ByteBuffer, limits: AMFLimits = .default) throws(AMFError) -> AMFValue {
    var rest = bytes
    return try decodeAll(&rest, limits: limits)
  }

  func decodeAll(_ bytes: inout ByteBuffer, limits: AMFLimits = .default) throws(AMFError) -> AMFValue {
    switch self {
    case .amf0:
      var decoder = AMF0Decoder(limits: limits)
      return try decoder.decode(&bytes)
    case .amf3:
      var decoder = AMF3Decoder(limits: limits)
      return try decoder.decode(&bytes)
    }
  }

  func encode(_ value: AMFValue, maximumDepth: Int = 1000) throws(AMFError) -> ByteBuffer {
    var buffer = ByteBuffer()
    switch self {
    case .amf0:
      var encoder = AMF0Encoder(allowsAMF3: true, maximumDepth: maximumDepth)
      try encoder.encode(value, into: &buffer)
    case .amf3:
      var encoder = AMF3Encoder(maximumDepth: maximumDepth)
      try encoder.encode(value, into: &buffer)
    }
    return buffer
  }
}
