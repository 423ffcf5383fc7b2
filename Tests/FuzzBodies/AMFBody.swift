import AMF
import NIOCore

/// AMF0 and AMF3: what was understood can be written, understood again, and is then written the same.
enum AMFBody {
  static func amf0(_ bytes: ByteBuffer) throws(Contradiction) {
    try self.check(bytes) { bytes throws(AMFError) in
      var decoder = AMF0Decoder()
      return try decoder.decode(&bytes)
    } encode: { value throws(AMFError) in
      var (encoder, written) = (AMF0Encoder(allowsAMF3: true, maximumDepth: 1000), ByteBuffer())
      try encoder.encode(value, into: &written)
      return written
    }
  }

  static func amf3(_ bytes: ByteBuffer) throws(Contradiction) {
    try self.check(bytes) { bytes throws(AMFError) in
      var decoder = AMF3Decoder()
      return try decoder.decode(&bytes)
    } encode: { value throws(AMFError) in
      var (encoder, written) = (AMF3Encoder(maximumDepth: 1000), ByteBuffer())
      try encoder.encode(value, into: &written)
      return written
    }
  }

  private static func check(
    _ bytes: ByteBuffer, decode: (inout ByteBuffer) throws(AMFError) -> AMFValue,
    encode: (AMFValue) throws(AMFError) -> ByteBuffer
  ) throws(Contradiction) {
    var rest = bytes
    guard let value = try? decode(&rest), let written = try? encode(value) else { return }
    // Text that was no UTF-8 is longer when written, so the limits may refuse what they let through before.
    var copy = written
    guard let again = try? decode(&copy) else { return }
    guard (try? encode(again)) == written else { throw Contradiction("AMF is written in two ways") }
  }
}
