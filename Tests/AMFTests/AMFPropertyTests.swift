import AMF
import NIOCore
import Testing
import Seeded

@Suite struct AMFPropertyTests {
  @Test(arguments: Coding.allCases)
  func whatIsEncodedIsDecodedTheSame(coding: Coding) throws {
    var random = RandomValue(seed: 1, for: coding)
    for _ in 0..<2_000 {
      let value = random.next()
      var bytes = try coding.encode(value)
      #expect(try coding.decodeAll(&bytes) == value)
      #expect(bytes.readableBytes == 0)
    }
  }

  @Test(arguments: Coding.allCases)
  func anyCutIsRefusedOrPutUpWithButNeverReadBeyond(coding: Coding) throws {
    var random = RandomValue(seed: 2, for: coding)
    for _ in 0..<50 {
      let whole = try coding.encode(random.next())
      for length in 0..<whole.readableBytes {
        var part = whole.getSlice(at: 0, length: length) ?? ByteBuffer()
        do throws(AMFError) {
          _ = try coding.decodeAll(&part)
          // Only AMF0 has a form that may break off: an array whose end marker is missing.
          #expect(coding == .amf0)
        } catch {
          #expect(part.readableBytes == length)
        }
      }
    }
  }

  /// Whatever the bytes: no crash, the limits hold, and what was understood can be written and understood again.
  @Test(arguments: Coding.allCases)
  func tenThousandMutationsAreDecodedOrRefused(coding: Coding) throws {
    let limits = AMFLimits(maximumDepth: 16, maximumStringLength: 512, maximumElements: 500, maximumTotalBytes: 4096)
    var random = RandomValue(seed: 3, for: coding)
    var understood = 0
    for _ in 0..<10_000 {
      let bytes = try coding.encode(random.next()).mutated(using: &random.generator)
      guard let value = try? coding.decode(bytes, limits: limits) else { continue }
      understood += 1
      let written = try coding.encode(value)
      // Text that was no UTF-8 has become longer, so the limits of the first reading are not those of the second.
      #expect(try coding.encode(coding.decode(written)) == written)
    }
    #expect(understood > 1_000)
  }

  @Test(arguments: Coding.allCases)
  func noiseIsDecodedOrRefused(coding: Coding) {
    var generator = SeededGenerator(seed: 4)
    var refused = 0
    for _ in 0..<10_000 {
      let length = Int.random(in: 0...64, using: &generator)
      let bytes = ByteBuffer(bytes: (0..<length).map { _ in UInt8.random(in: 0...0x14, using: &generator) })
      do throws(AMFError) { _ = try coding.decode(bytes) } catch { refused += 1 }
    }
    #expect(refused > 1_000)
  }
}
