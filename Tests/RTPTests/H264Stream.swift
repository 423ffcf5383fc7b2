import NIOCore

@testable import RTP
import Seeded

/// NAL units to build access units of.
enum H264Stream {
  /// Baseline profile, level 3.1, identifier 0: the bits behind the level begin with 1.
  static let sps = hex("67 42C01F D9")
  /// Identifier 1: 010.
  static let otherSPS = hex("67 42C01F 59")
  /// Identifier 0.
  static let pps = hex("68 CE3C80")
  static let sei = hex("06 05 04 01020304 80")

  /// A slice that begins a picture; no byte of it looks like a start code.
  static func slice(_ size: Int, idr: Bool = false, seed: UInt64 = 1) -> [UInt8] {
    var generator = SeededGenerator(seed: seed)
    let head: [UInt8] = [idr ? 0x65 : 0x41, 0x88]
    return Array((head + (0..<size).map { _ in UInt8.random(in: 1...255, using: &generator) }).prefix(size))
  }

  static func lengthPrefixed(_ units: [[UInt8]], size: Int = 4) -> [UInt8] {
    units.flatMap { unit in
      (0..<size).reversed().map { UInt8(truncatingIfNeeded: unit.count >> ($0 * 8)) } + unit
    }
  }

  static func annexB(_ units: [[UInt8]]) -> [UInt8] {
    units.enumerated().flatMap { index, unit in (index % 2 == 0 ? [0, 0, 0, 1] : [0, 0, 1]) + unit }
  }
}
