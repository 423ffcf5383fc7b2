import Media
import NIOCore

/// Finds out the byte order of 16-bit samples of which a tag only says that it is the sender's own.
///
/// Most such senders are little endian; old Macs, and programs that follow the letter, are not. In the right order
/// neighbouring samples of sound are close to each other, in the wrong one they are noise.
struct PCMByteOrder {
  private enum State {
    case looking(little: Int, big: Int, samples: Int)
    case found(AudioCodec)
  }

  private var state = State.looking(little: 0, big: 0, samples: 0)

  /// The codec of the samples in `body` as far as is known with it; little endian until the samples tell.
  mutating func codec(of body: ByteBuffer, channels: Int) -> AudioCodec {
    switch state {
    case .found(let codec): return codec
    case .looking(var little, var big, var samples):
      body.withUnsafeReadableBytes { bytes in
        let step = 2 * channels
        var index = step
        while index + 1 < bytes.count {
          little += Self.distance(bytes, index, index - step, low: 0, high: 1)
          big += Self.distance(bytes, index, index - step, low: 1, high: 0)
          samples += 1
          index += 2
        }
      }
      return conclude(little: little, big: big, samples: samples)
    }
  }

  private mutating func conclude(little: Int, big: Int, samples: Int) -> AudioCodec {
    let isEnough = samples >= Self.fewest && max(little, big) >= samples * Self.quiet
    if isEnough, big < little / 2 {
      state = .found(.pcmS16BE)
      return .pcmS16BE
    }
    // Noise has no order that is better than the other, and silence none at all.
    let isDecided = isEnough && little < big / 2
    state = isDecided || samples >= Self.most ? .found(.pcmS16LE) : .looking(little: little, big: big, samples: samples)
    return .pcmS16LE
  }

  private static func distance(_ bytes: UnsafeRawBufferPointer, _ index: Int, _ former: Int, low: Int, high: Int) -> Int
  {
    let sample = Int16(bitPattern: UInt16(bytes[index + low]) | UInt16(bytes[index + high]) << 8)
    let before = Int16(bitPattern: UInt16(bytes[former + low]) | UInt16(bytes[former + high]) << 8)
    return abs(Int(sample) - Int(before))
  }

  /// Samples from which on a verdict is possible.
  private static let fewest = 128
  /// Samples after which nothing more is looked at.
  private static let most = 1 << 20
  /// Least mean distance of neighbours, in either order, that is not silence.
  private static let quiet = 16
}
