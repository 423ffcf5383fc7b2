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
    var real = [Double](repeating: 0, count: Self.window)
    var imaginary = real
    let slope = pending.count == Self.window ? Self.wholeSlope : Self.slope(pending.count)
    for (index, sample) in pending.enumerated() { real[index] = Double(sample) * slope[index] }
    Self.transform(&real, &imaginary)
    for index in power.indices { power[index] += real[index] * real[index] + imaginary[index] * imaginary[index] }
    pending.removeAll(keepingCapacity: true)
  }

  /// Hann's window, so that a tone between two lines does not smear over all.
  private static func slope(_ length: Int) -> [Double] {
    (0..<length).map { 0.5 - 0.5 * cos(2 * .pi * Double($0) / Double(length)) }
  }

  private static let wholeSlope = slope(window)

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

  /// Cosine and sine of each step of the largest round of a transform; every other one is of the round before, and so on.
  private static let turns: [(cosine: Double, sine: Double)] = (0..<window / 2).map {
    let angle = -2 * Double.pi * Double($0) / Double(window)
    return (cos(angle), sin(angle))
  }

  /// A Fourier transform in place, of one window (Cooley and Tukey, radix 2). Six are made for each second of sound: with a
  /// sine for each step they took longer than the sound's codec.
  private static func transform(_ real: inout [Double], _ imaginary: inout [Double]) {
    let count = window
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
    turns.withUnsafeBufferPointer { turns in
      real.withUnsafeMutableBufferPointer { real in
        imaginary.withUnsafeMutableBufferPointer { imaginary in
          var size = 2
          while size <= count {
            let half = size / 2
            let stepOfTurns = count / size
            for block in stride(from: 0, to: count, by: size) {
              for step in 0..<half {
                let (cosine, sine) = turns[step * stepOfTurns]
                let (low, high) = (block + step, block + step + half)
                let (a, b) = (real[high], imaginary[high])
                let (x, y) = (a * cosine - b * sine, a * sine + b * cosine)
                (real[high], imaginary[high]) = (real[low] - x, imaginary[low] - y)
                (real[low], imaginary[low]) = (real[low] + x, imaginary[low] + y)
              }
            }
            size *= 2
          }
        }
      }
    }
  }
}
