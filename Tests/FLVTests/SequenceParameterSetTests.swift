import NIOCore
import Testing

@testable import FLV
import Seeded

@Suite struct SequenceParameterSetTests {
  struct Expected: Sendable {
    let hex: String
    let profile: UInt8
    let level: UInt8
    let width: Int
    let height: Int
    let reordered: Int?
  }

  /// Written by x264 0.164 for pictures of these sizes, with and without B frames.
  static let encoded = [
    Expected(
      hex: "6742c00dd90141fb011000000300100000030320f142a480", profile: 66, level: 13, width: 320, height: 240,
      reordered: 0),
    Expected(
      hex: "674d4028eca03c0113f2e022000003000200000300641e30632c", profile: 77, level: 40, width: 1920, height: 1080,
      reordered: 2),
    Expected(
      hex: "6764000dacb20283f60220000003002000000641e28549", profile: 100, level: 13, width: 320, height: 240,
      reordered: 0),
    Expected(
      hex: "6764001eacd940a02ff97011000003000100000300320f162d96", profile: 100, level: 30, width: 640, height: 360,
      reordered: 2),
    Expected(
      hex: "677a000dbcd9415087888fc044000003000400000300c83c50a658", profile: 122, level: 13, width: 322, height: 242,
      reordered: 2),
    Expected(
      hex: "67f4000d919b282a10f1f1f808800000030080000019078a14cb", profile: 244, level: 13, width: 322, height: 242,
      reordered: 2),
    Expected(
      hex: "67640028acd940780227e5c044000003000400000300c9810003d090007a13930c01e30632c0", profile: 100, level: 40,
      width: 1920, height: 1080, reordered: 2),
    Expected(
      hex: "6764000dacd94141fb011000000300100000030320f1429960", profile: 100, level: 13, width: 320, height: 240,
      reordered: 2),
    Expected(
      hex: "676e100da6cb8283f602200000030020000006408001000568", profile: 110, level: 13, width: 320, height: 240,
      reordered: nil),
  ]

  @Test(arguments: encoded)
  func setOfAnEncoderIsRead(expected: Expected) throws {
    let set = try SequenceParameterSet(parsing: ByteBuffer(hex: expected.hex))
    #expect(set.profile == expected.profile)
    #expect(set.level == expected.level)
    #expect(set.width == expected.width)
    #expect(set.height == expected.height)
    #expect(set.maximumReorderedFrames == expected.reordered)
    #expect(set.mayReorder == ((expected.reordered ?? 0) > 0))
  }

  /// A set put together field by field; 320x240 unless the cuts say otherwise.
  struct Builder: Sendable {
    var profile: UInt32 = 77
    var constraints: UInt32 = 0
    var order: UInt32 = 0
    var cycle = 0
    var widthInMacroblocks: UInt32 = 20
    var fields = false
    var crop: [UInt32] = []
    var usability: (@Sendable (inout BitWriter) -> Void)?

    func bytes() -> ByteBuffer {
      var writer = BitWriter()
      writer.write(0x67, 8)
      writer.write(profile, 8)
      writer.write(constraints, 8)
      writer.write(30, 8)
      for code: UInt32 in [0, 0, order] { writer.writeExpGolomb(code) }
      switch order {
      case 0: writer.writeExpGolomb(4)
      case 1:
        writer.write(0, 1)
        for _ in 0..<2 { writer.writeExpGolomb(3) }
        writer.writeExpGolomb(UInt32(cycle))
        for _ in 0..<cycle { writer.writeExpGolomb(5) }
      default: break
      }
      writer.writeExpGolomb(1)
      writer.write(0, 1)
      writer.writeExpGolomb(widthInMacroblocks - 1)
      writer.writeExpGolomb(fields ? 7 : 14)
      writer.write(fields ? 0b00 : 0b1, fields ? 2 : 1)
      writer.write(1, 1)
      writer.write(crop.isEmpty ? 0 : 1, 1)
      for code in crop { writer.writeExpGolomb(code) }
      writer.write(usability == nil ? 0 : 1, 1)
      usability?(&writer)
      writer.write(1, 1)
      return ByteBuffer(bytes: writer.bytes)
    }

    /// Usability information with nothing but the number of reordered frames.
    static func reordering(_ frames: UInt32) -> @Sendable (inout BitWriter) -> Void {
      { writer in
        writer.write(0, 8)
        writer.write(0b11, 2)
        for code: UInt32 in [0, 0, 16, 16, frames, 16] { writer.writeExpGolomb(code) }
      }
    }
  }

  @Test(
    arguments: [
      (Builder(), true), (Builder(profile: 66), false), (Builder(profile: 88), true),
      (Builder(order: 1, cycle: 255), true), (Builder(order: 2), false),
      (Builder(usability: Builder.reordering(0)), false), (Builder(usability: Builder.reordering(1)), true),
      (Builder(profile: 66, usability: Builder.reordering(1)), true),
    ] as [(Builder, Bool)])
  func reorderingIsKnownFromOrderTypeRestrictionOrProfile(builder: Builder, mayReorder: Bool) throws {
    let set = try SequenceParameterSet(parsing: builder.bytes())
    #expect(set.mayReorder == mayReorder)
    #expect(set.width == 320)
    #expect(set.height == 240)
  }

  @Test func fieldPicturesHaveHalfTheRows() throws {
    let set = try SequenceParameterSet(parsing: Builder(fields: true).bytes())
    #expect(!set.isProgressive)
    #expect(set.height == 256)
    #expect(try SequenceParameterSet(parsing: Builder(fields: true, crop: [0, 0, 0, 4]).bytes()).height == 240)
  }

  @Test func cropMayLeaveOneColumnPairButNotNone() throws {
    #expect(try SequenceParameterSet(parsing: Builder(crop: [0, 159, 0, 119]).bytes()).width == 2)
    #expect(throws: FLVError.outOfRange(.sequenceParameterSet, .width, value: 0, allowed: 1...320)) {
      try SequenceParameterSet(parsing: Builder(crop: [0, 160, 0, 0]).bytes())
    }
    #expect(throws: FLVError.outOfRange(.sequenceParameterSet, .height, value: 0, allowed: 1...240)) {
      try SequenceParameterSet(parsing: Builder(crop: [0, 0, 60, 60]).bytes())
    }
  }

  @Test func widthIsAllowedUpTo65536Pixels() throws {
    #expect(try SequenceParameterSet(parsing: Builder(widthInMacroblocks: 4096).bytes()).width == 65_536)
    #expect(throws: FLVError.outOfRange(.sequenceParameterSet, .width, value: 4096, allowed: 0...4095)) {
      try SequenceParameterSet(parsing: Builder(widthInMacroblocks: 4097).bytes())
    }
  }

  @Test func pictureOrderCycleIsAllowedUpTo255() {
    #expect(throws: FLVError.outOfRange(.sequenceParameterSet, .pictureOrderCycle, value: 256, allowed: 0...255)) {
      try SequenceParameterSet(parsing: Builder(order: 1, cycle: 256).bytes())
    }
  }

  @Test func usabilityThatBreaksOffLeavesReorderingOpen() throws {
    let set = try SequenceParameterSet(parsing: Builder(usability: { $0.write(0b1_1111_1111_1, 10) }).bytes())
    #expect(set.width == 320)
    #expect(set.maximumReorderedFrames == nil)
    #expect(set.mayReorder)
  }

  @Test func endlessZerosAreRefused() {
    let zeros = ByteBuffer(bytes: [0x67, 77, 0, 30] + Array(repeating: 0, count: 64))
    #expect(throws: FLVError.outOfRange(.sequenceParameterSet, .expGolombLeadingZeros, value: 32, allowed: 0...31)) {
      try SequenceParameterSet(parsing: zeros)
    }
  }

  @Test(arguments: encoded)
  func tenThousandMutationsAreReadOrRefused(expected: Expected) throws {
    var generator = SeededGenerator(seed: 2)
    let whole = ByteBuffer(hex: expected.hex)
    var understood = 0
    for _ in 0..<10_000 / Self.encoded.count + 1 {
      guard let set = try? SequenceParameterSet(parsing: whole.mutated(using: &generator)) else { continue }
      understood += 1
      #expect((1...65_536).contains(set.width) && (1...131_072).contains(set.height))
    }
    #expect(understood > 100)
  }
}

extension BitWriter {
  mutating func writeExpGolomb(_ value: UInt32) {
    let length = 32 - (value + 1).leadingZeroBitCount
    write(0, length - 1)
    write(value + 1, length)
  }
}
