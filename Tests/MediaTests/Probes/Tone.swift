import Foundation

/// Frequency and level of a tone in samples.
struct Tone {
  /// In Hz, by rising zero crossings.
  var frequency: Double
  /// Root mean square, 1 being full scale.
  var level: Double

  init(_ samples: some Collection<Float>, rate: Int) {
    let samples = Array(samples)
    let crossings = zip(samples, samples.dropFirst()).enumerated().compactMap { index, pair -> Double? in
      guard pair.0 < 0, pair.1 >= 0 else { return nil }
      return Double(index) + Double(pair.0 / (pair.0 - pair.1))
    }
    if let first = crossings.first, let last = crossings.last, last > first {
      self.frequency = Double(crossings.count - 1) * Double(rate) / (last - first)
    } else {
      self.frequency = 0
    }
    let sum = samples.reduce(0.0) { $0 + Double($1) * Double($1) }
    self.level = samples.isEmpty ? 0 : (sum / Double(samples.count)).squareRoot()
  }

  /// Level against that of a sine of `amplitude`, in dB.
  func decibels(against amplitude: Double) -> Double { 20 * log10(self.level / (amplitude / 2.0.squareRoot())) }
}
