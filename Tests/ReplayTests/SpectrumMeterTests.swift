import Foundation
import Testing

@testable import Replay

@Suite struct SpectrumMeterTests {
  private func measure(seconds: Double = 1, _ wave: (Double) -> Double) -> SoundFingerprint {
    var meter = SpectrumMeter(sampleRate: 48_000)
    let samples = (0..<Int(48_000 * seconds)).map { Float(wave(Double($0) / 48_000)) }
    for start in stride(from: 0, to: samples.count, by: 960) {
      samples[start..<min(start + 960, samples.count)].withUnsafeBufferPointer { meter.take($0) }
    }
    return meter.finish()
  }

  @Test(arguments: [60.0, 300, 440, 1_000, 3_400, 12_000])
  func aToneIsHeardAtItsPitchAndLevel(hertz: Double) {
    let heard = measure { 0.1 * sin(2 * .pi * hertz * $0) }
    #expect(abs(heard.hertz - Int(hertz)) <= 2)
    // A sine's mean square is half of its peak's.
    #expect(abs(heard.decibelTenths + 230) <= 1)
  }

  @Test func theLouderOfTwoTonesCounts() {
    let heard = measure { 0.1 * sin(2 * .pi * 500 * $0) + 0.05 * sin(2 * .pi * 2_000 * $0) }
    #expect(abs(heard.hertz - 500) <= 2)
  }

  @Test func aFewPacketsHaveATone() {
    let heard = measure(seconds: 0.06) { 0.2 * sin(2 * .pi * 800 * $0) }
    #expect(abs(heard.hertz - 800) <= 12)
  }

  @Test func silenceIsAtTheBottom() {
    #expect(measure { _ in 0 } == SoundFingerprint(decibelTenths: SoundFingerprint.silence, hertz: 0))
  }
}
