import CLibAV

@testable import Media

/// Decoded samples, one array a channel.
struct Sound {
  var channels: [[Float]] = [[], []]
  var rate = 48_000

  /// Decodes Opus packets.
  init(opus frames: [EncodedFrame]) throws {
    var decoder = try Decoder(AudioFormat(codec: .opus, sampleRate: 48_000, channels: 2), limits: .init())
    for frame in frames {
      try decoder.decode(frame) { (sound: borrowing Frame) in
        guard let data = sound.pointer.pointee.data.0 else { return }
        let count = Int(sound.pointer.pointee.nb_samples) * 2
        let samples = UnsafeBufferPointer(
          start: UnsafeRawPointer(data).assumingMemoryBound(to: Int16.self), count: count)
        for (index, sample) in samples.enumerated() { self.channels[index % 2].append(Float(sample) / 32_768) }
      }
    }
  }

  /// Samples of the left channel between two times in seconds.
  func left(_ from: Double, _ to: Double) -> ArraySlice<Float> {
    self.channels[0][Int(from * 48_000)..<Int(to * 48_000)]
  }
}
