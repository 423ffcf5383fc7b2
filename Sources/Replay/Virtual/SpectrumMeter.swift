import Foundation

/// Loudness and dominant frequency of a second of sound.
struct SpectrumMeter {
  /// Samples of one look at the spectrum, a power of two: 5.9 Hz apart at 48 kHz.
  private static let window = 8192

  private let sampleRate: Int
  private var squares = 0.0
  /// Samples so far.
  private(set) var count = 0
  private var pending: [Float] = []
  private var power = [Double](repeating: 0, count: window / 2)

  init(sampleRate: Int) {
    self.sampleRate = sampleRate
    pending.reserveCapacity(Self.window)
  }

  var isEmpty: Bool { count == 0 }

  mutating func take(_ samples: UnsafeBufferPointer<Float>) {
    for sample in samples where sample.isFinite {
      squares += Double(sample) * Double(sample)
      count += 1
      pending.append(sample)
      if pending.count == Self.window { look() }
    }
  }

  /// The second's fingerprint; the meter is empty afterwards.
  mutating func finish() -> SoundFingerprint {
    // A short second still has a tone.
    if pending.count >= Self.window / 4 || power.allSatisfy({ $0 == 0 }) { look() }
    let mean = count == 0 ? 0 : squares / Double(count)
    let tenths = mean > 0 ? Int((100 * log10(mean)).rounded()) : SoundFingerprint.silence
    let fingerprint = SoundFingerprint(
      decibelTenths: tenths, hertz: tenths <= SoundFingerprint.silence + 200 ? 0 : dominant)
    self = SpectrumMeter(sampleRate: sampleRate)
    return fingerprint
  }

  private mutating func look() {
    guard !pending.isEmpty else { return }
    let length = pending.count
    var real = [Double](repeating: 0, count: Self.window)
    var imaginary = real
    for (index, sample) in pending.enumerated() {
      // Hann, so that a tone between two lines does not smear over all.
      real[index] = Double(sample) * (0.5 - 0.5 * cos(2 * .pi * Double(index) / Double(length)))
    }
    Self.transform(&real, &imaginary)
    for index in power.indices { power[index] += real[index] * real[index] + imaginary[index] * imaginary[index] }
    pending.removeAll(keepingCapacity: true)
  }

  /// The strongest line above 20 Hz, found between lines by a parabola through it and its neighbours.
  private var dominant: Int {
    let spacing = Double(sampleRate) / Double(Self.window)
    let lowest = max(1, Int((20 / spacing).rounded(.up)))
    let lines = lowest..<(power.count - 1)
    guard let peak = lines.max(by: { power[$0] < power[$1] }), power[peak] > 0 else { return 0 }
    let (left, middle, right) = (sqrt(power[peak - 1]), sqrt(power[peak]), sqrt(power[peak + 1]))
    let curve = left - 2 * middle + right
    let shift = curve < 0 ? min(max((left - right) / (2 * curve), -0.5), 0.5) : 0
    return Int(((Double(peak) + shift) * spacing).rounded())
  }

  /// A Fourier transform in place, of a power of two (Cooley and Tukey, radix 2).
  private static func transform(_ real: inout [Double], _ imaginary: inout [Double]) {
    let count = real.count
    var target = 0
    for index in 1..<count {
      var bit = count >> 1
      while target & bit != 0 {
        target ^= bit
        bit >>= 1
      }
      target |= bit
      if index < target { real.swapAt(index, target) }
    }
    var size = 2
    while size <= count {
      let half = size / 2
      for step in 0..<half {
        let angle = -2 * Double.pi * Double(step) / Double(size)
        let (cosine, sine) = (cos(angle), sin(angle))
        for index in stride(from: step, to: count, by: size) {
          let (a, b) = (real[index + half], imaginary[index + half])
          let (x, y) = (a * cosine - b * sine, a * sine + b * cosine)
          (real[index + half], imaginary[index + half]) = (real[index] - x, imaginary[index] - y)
          (real[index], imaginary[index]) = (real[index] + x, imaginary[index] + y)
        }
      }
      size *= 2
    }
  }
}
