import Foundation
import Media
import NIOCore
import Testing

@testable import Edge
import Seeded

@Suite struct PCMByteOrderTests {
  private func tone(_ endianness: Endianness, amplitude: Double = 8_000, count: Int = 1_024) -> ByteBuffer {
    var samples = ByteBuffer()
    for index in 0..<count {
      let sample = Int16(amplitude * sin(2 * .pi * 440 * Double(index / 2) / 22_050))
      samples.writeInteger(sample, endianness: endianness)
    }
    return samples
  }

  @Test(arguments: [1, 2]) func soundIsSmoothInItsOwnOrder(channels: Int) {
    var order = PCMByteOrder()
    #expect(order.codec(of: tone(.big), channels: channels) == .pcmS16BE)
    order = PCMByteOrder()
    #expect(order.codec(of: tone(.little), channels: channels) == .pcmS16LE)
  }

  @Test func aVerdictStands() {
    var order = PCMByteOrder()
    _ = order.codec(of: tone(.big), channels: 1)
    #expect(order.codec(of: tone(.little), channels: 1) == .pcmS16BE)
  }

  @Test func silenceAndNoiseDecideNothing() {
    var order = PCMByteOrder()
    #expect(order.codec(of: ByteBuffer(repeating: 0, count: 8_192), channels: 1) == .pcmS16LE)
    var random = SeededGenerator(seed: 3)
    let noise = ByteBuffer(bytes: (0..<8_192).map { _ in UInt8.random(in: 0...255, using: &random) })
    #expect(order.codec(of: noise, channels: 1) == .pcmS16LE)
    for _ in 0..<40 { _ = order.codec(of: tone(.big), channels: 1) }
    #expect(order.codec(of: tone(.big), channels: 1) == .pcmS16BE)
  }

  @Test func aBodyOfAnyLengthIsReadWithinItsBounds() {
    for length in 0..<9 {
      var order = PCMByteOrder()
      #expect(order.codec(of: ByteBuffer(repeating: 7, count: length), channels: 2) == .pcmS16LE)
    }
  }
}
