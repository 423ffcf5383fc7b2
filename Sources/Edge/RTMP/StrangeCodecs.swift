import FLV
import NIOCore

/// Finds codecs that have no place in Adobe's FLV: reserved numbers, and those that Enhanced RTMP names by four letters.
///
/// Known letters are believed at once. Other strange bodies may as well be broken ones: one is an error, several in a
/// row are a codec. Names are a fixed set, for they become labels of a metric.
struct StrangeCodecs {
  private var soundsInARow = 0
  private var picturesInARow = 0

  /// Strange bodies in a row that are still taken for broken ones.
  static let patience = 3

  /// The codec of a body of sound that ``AudioTagHeader`` does not know; nil for one that it does.
  mutating func audio(_ body: ByteBuffer) throws(FLVError) -> String? {
    guard let first = body.getInteger(at: body.readerIndex, as: UInt8.self) else { return nil }
    let format = first >> 4
    guard SoundFormat(rawValue: format) == nil else {
      soundsInARow = 0
      return nil
    }
    // Enhanced RTMP took the reserved number 9 for itself.
    if format == 9, let letters = Self.letters(body) { return letters }
    soundsInARow += 1
    guard soundsInARow > Self.patience else { throw .unknownSoundFormat(format) }
    return "audio-\(format)"
  }

  /// The codec of a body of pictures that ``VideoTagHeader`` does not know; nil for one that it does.
  mutating func video(_ body: ByteBuffer) throws(FLVError) -> String? {
    guard let first = body.getInteger(at: body.readerIndex, as: UInt8.self) else { return nil }
    let isEnhanced = first >= 0x80
    if !isEnhanced, VideoCodecID(rawValue: first & 0x0F) != nil {
      picturesInARow = 0
      return nil
    }
    if isEnhanced, let letters = Self.letters(body) { return letters }
    picturesInARow += 1
    guard picturesInARow > Self.patience else {
      throw isEnhanced ? .enhancedVideoHeader(firstByte: first) : .unknownVideoCodec(first & 0x0F)
    }
    return isEnhanced ? "enhanced" : "video-\(first & 0x0F)"
  }

  private static func letters(_ body: ByteBuffer) -> String? {
    guard let letters = body.getString(at: body.readerIndex + 1, length: 4), known.contains(letters) else { return nil }
    return letters
  }

  private static let known: Set = [
    "avc1", "hvc1", "av01", "vp08", "vp09", "vvc1", "Opus", "fLaC", "ac-3", "ec-3", ".mp3", "mp4a",
  ]
}
