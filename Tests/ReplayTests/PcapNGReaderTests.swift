import NIOCore
import Testing

@testable import Replay

@Suite struct PcapNGReaderTests {
  private func packets(_ file: ByteBuffer) throws(ReplayError) -> [CapturedPacket] {
    var reader = PcapNGReader(CaptureWindow(CaptureStore(file)))
    var packets: [CapturedPacket] = []
    while let packet = try reader.next() { packets.append(packet) }
    return packets
  }

  @Test(
    arguments: [Endianness.little, .big],
    [
      CaptureWriter.Resolution.unstated, .decimal(3), .decimal(6), .decimal(9), .decimal(12), .binary(20), .binary(30),
      .binary(34),
    ])
  func bothByteOrdersAndAllResolutionsGiveTheSameTimes(order: Endianness, resolution: CaptureWriter.Resolution) throws {
    // Whole milliseconds, so that the coarsest resolution can say them; the finest has room for some months only.
    let times: [Int64] = [1_000_000, 1_000_001_000, 9_999_999_999_000]
    var file = CaptureWriter(order: order, resolution: resolution)
    for time in times { file.packet([1, 2, 3, 4, 5], at: time) }
    let packets = try packets(file.bytes)
    #expect(packets.map(\.time) == times)
    #expect(packets.map(\.number) == [1, 2, 3])
    #expect(packets.allSatisfy { Array($0.bytes.readableBytesView) == [1, 2, 3, 4, 5] })
  }

  @Test func otherBlocksArePassedOverAndANewSectionBeginsAnew() throws {
    var file = CaptureWriter()
    file.block(5, ByteBuffer(bytes: [1, 2, 3]))
    file.packet([1], at: 5)
    var second = CaptureWriter(order: .big, resolution: .decimal(9))
    second.packet([2], at: 7)
    let packets = try packets(ByteBuffer(bytes: [file.bytes, second.bytes].flatMap(\.readableBytesView)))
    #expect(packets.map(\.time) == [5, 7])
  }

  @Test func aFileInTheMiddleOfABufferIsReadTheSame() throws {
    var file = CaptureWriter()
    file.packet([1], at: 5)
    var buffer = ByteBuffer(bytes: [0xFF, 0xFF, 0xFF] + Array(file.bytes.readableBytesView))
    buffer.moveReaderIndex(forwardBy: 3)
    #expect(try packets(buffer).map(\.time) == [5])
  }

  @Test func everyCutOfAFileIsAnErrorOrEndsBetweenBlocks() throws {
    var file = CaptureWriter()
    var borders = [0, 28, file.bytes.readableBytes]
    for time in 1...3 as ClosedRange<Int64> {
      file.packet([1, 2, 3], at: time)
      borders.append(file.bytes.readableBytes)
    }
    for length in 0...file.bytes.readableBytes {
      let cut = try #require(file.bytes.getSlice(at: 0, length: length))
      if borders.contains(length) {
        #expect(try packets(cut).count == max(0, (borders.firstIndex(of: length) ?? 0) - 2))
      } else {
        #expect(throws: ReplayError.self) { try packets(cut) }
      }
    }
  }

  @Test func damageIsToldWithItsPlace() {
    let good = CaptureWriter()
    let end = good.bytes.readableBytes
    var twoLengths = good
    twoLengths.packet([1], at: 1)
    var bytes = twoLengths.bytes
    bytes.setInteger(40 as UInt32, at: bytes.writerIndex - 4, endianness: .little)
    #expect(throws: ReplayError.notACapture(offset: end, "a block with two lengths")) { try packets(bytes) }
    bytes = good.bytes
    bytes.writeInteger(6 as UInt32, endianness: .little)
    bytes.writeInteger(13 as UInt32, endianness: .little)
    #expect(throws: ReplayError.notACapture(offset: end, "a block of impossible length")) { try packets(bytes) }
    bytes = good.bytes
    bytes.setInteger(0 as UInt32, at: 8)
    #expect(throws: ReplayError.notACapture(offset: 0, "no byte-order magic")) { try packets(bytes) }
    var stranger = good
    stranger.packet([1], at: 1, interface: 1)
    #expect(throws: ReplayError.notACapture(offset: end, "half a packet")) { try packets(stranger.bytes) }
    let text = ByteBuffer(string: "FLV no capture at all")
    #expect(throws: ReplayError.notACapture(offset: 0, "no section header")) { try packets(text) }
  }

  @Test func aBlockMayBeAMebibyteLongAndNoMore() throws {
    var file = CaptureWriter()
    file.packet([UInt8](repeating: 1, count: (1 << 20) - 32), at: 1)
    #expect(try packets(file.bytes).first?.bytes.readableBytes == (1 << 20) - 32)
    let begin = CaptureWriter().bytes.readableBytes
    file = CaptureWriter()
    file.packet([UInt8](repeating: 1, count: (1 << 20) - 28), at: 1)
    #expect(throws: ReplayError.notACapture(offset: begin, "a block of impossible length")) { try packets(file.bytes) }
  }

  @Test func whatIsNotReadIsSaidToBe() throws {
    var radio = CaptureWriter(linkType: 127)
    radio.packet([1], at: 1)
    #expect(throws: ReplayError.unsupportedLinkType(127)) { try RecordedSession.read(capture: radio.bytes) }
    var cut = CaptureWriter()
    cut.packet([1], at: 1, cut: 1)
    #expect(try packets(cut.bytes).map(\.cut) == [1])
    for resolution in [CaptureWriter.Resolution.decimal(13), .binary(41)] {
      let file = CaptureWriter(resolution: resolution)
      #expect(throws: ReplayError.notACapture(offset: 28, "an impossible time resolution")) { try packets(file.bytes) }
    }
  }

  @Test func aTimeThatNoClockHasIsRefused() throws {
    var file = CaptureWriter(resolution: .decimal(0))
    file.packet([1], at: 1)
    var bytes = file.bytes
    let ticks = CaptureWriter(resolution: .decimal(0)).bytes.readableBytes + 12
    // Seconds: as many as fit 63 bits as microseconds, but for the last second, and one more.
    for (seconds, isGood) in [(UInt64(Int64.max) / 1_000_000 - 1, true), (UInt64(Int64.max) / 1_000_000, false)] {
      bytes.setInteger(UInt32(seconds >> 32), at: ticks, endianness: .little)
      bytes.setInteger(UInt32(truncatingIfNeeded: seconds), at: ticks + 4, endianness: .little)
      if isGood {
        #expect(try packets(bytes).count == 1)
      } else {
        #expect(throws: ReplayError.impossibleTime(packet: 1)) { try packets(bytes) }
      }
    }
  }
}
