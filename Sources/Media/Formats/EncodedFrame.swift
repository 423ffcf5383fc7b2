public import NIOCore

/// One encoded frame of sound or picture, as it travels between threads.
public struct EncodedFrame: Sendable, Hashable {
  /// Media time of presentation in microseconds. Sound and picture of one speaker share this clock.
  ///
  /// For H.264 this is the decoding time plus the composition time. Values beyond ±2^52 are clamped;
  /// what comes out of a transcoder stays below 2^55 however the stream jumps.
  public var time: Int64
  /// Whether a decoder may start here. Without meaning for sound, where it is true.
  public var isKeyFrame: Bool
  /// The codec's own bytes, without an FLV tag header.
  public var data: ByteBuffer
  /// How far the sound lies below full scale, in whole decibels, 0 to 127; nil for pictures, and where nobody measured.
  public var attenuation: UInt8?

  /// Makes a frame of `data` shown or heard at `time` microseconds.
  public init(time: Int64, isKeyFrame: Bool, data: ByteBuffer, attenuation: UInt8? = nil) {
    self.time = time
    self.isKeyFrame = isKeyFrame
    self.data = data
    self.attenuation = attenuation
  }
}
