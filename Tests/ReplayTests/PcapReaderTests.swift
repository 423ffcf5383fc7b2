import NIOCore
import Seeded
import Testing

@testable import Replay

@Suite struct PcapReaderTests {
  /// A file of the older format.
  struct File {
    var bytes = ByteBuffer()
    let order: Endianness
    let isNanosecond: Bool

    init(order: Endianness = .little, isNanosecond: Bool = false, link: UInt32 = 101) {
      self.order = order
      self.isNanosecond = isNanosecond
      bytes.writeInteger(isNanosecond ? 0xA1B2_3C4D : 0xA1B2_C3D4 as UInt32, endianness: order)
      for value in [2 as UInt16, 4] { bytes.writeInteger(value, endianness: order) }
      for value in [0 as UInt32, 0, 65_535, link] { bytes.writeInteger(value, endianness: order) }
    }

    mutating func packet(_ packet: [UInt8], at time: Int64, cut: Int = 0) {
      let fraction = UInt32(time % 1_000_000) * (isNanosecond ? 1000 : 1)
      let fields = [UInt32(time / 1_000_000), fraction, UInt32(packet.count), UInt32(packet.count + cut)]
      for value in fields { bytes.writeInteger(value, endianness: order) }
      bytes.writeBytes(packet)
    }
  }

  private func packets(_ file: ByteBuffer) throws(ReplayError) -> [CapturedPacket] {
    var reader = try CaptureReader(CaptureStore(file))
    var packets: [CapturedPacket] = []
    while let packet = try reader.next() { packets.append(packet) }
    return packets
  }

  @Test(arguments: [Endianness.little, .big], [false, true])
  func bothByteOrdersAndResolutionsAreRead(order: Endianness, isNanosecond: Bool) throws {
    var file = File(order: order, isNanosecond: isNanosecond, link: 1)
    file.packet([1, 2, 3], at: 1_700_000_000_123_456)
    file.packet([4], at: 1_700_000_001_000_000, cut: 7)
    let packets = try packets(file.bytes)
    #expect(packets.map(\.time) == [1_700_000_000_123_456, 1_700_000_001_000_000])
    #expect(packets.map(\.number) == [1, 2])
    #expect(packets.map(\.cut) == [0, 7])
    #expect(packets.map { Array($0.bytes.readableBytesView) } == [[1, 2, 3], [4]])
    #expect(packets.allSatisfy { $0.link == .ethernet })
  }

  @Test func everyCutOfAFileIsAnErrorOrEndsBetweenRecords() throws {
    var file = File()
    var borders = [24]
    for time in 1...3 as ClosedRange<Int64> {
      file.packet([1, 2, 3], at: time)
      borders.append(file.bytes.readableBytes)
    }
    for length in 4...file.bytes.readableBytes {
      let cut = try #require(file.bytes.getSlice(at: 0, length: length))
      if let count = borders.firstIndex(of: length) {
        #expect(try packets(cut).count == count)
      } else {
        #expect(throws: ReplayError.self) { try packets(cut) }
      }
    }
  }

  @Test func impossibleRecordsAreToldWithTheirPlace() {
    var long = File()
    long.packet([1], at: 1)
    long.bytes.setInteger(UInt32(1 << 20) + 1, at: 24 + 8, endianness: .little)
    #expect(throws: ReplayError.notACapture(offset: 24, "a record of impossible length")) { try packets(long.bytes) }
    var late = File()
    late.packet([1], at: 1)
    late.bytes.setInteger(1_000_000 as UInt32, at: 24 + 4, endianness: .little)
    #expect(throws: ReplayError.impossibleTime(packet: 1)) { try packets(late.bytes) }
  }

  @Test func aThousandDamagedFilesNeitherTrapNorHangAndAreToldWithTheirPlace() throws {
    var whole = File()
    let client = Talker()
    whole.packet(client.says([], sequence: 9, flags: Talker.synchronize), at: 1)
    for start in stride(from: 0, to: Conversation.client.count, by: 500) {
      let piece = Conversation.client[start..<min(start + 500, Conversation.client.count)]
      whole.packet(client.says(piece, sequence: 10 + UInt32(start)), at: 2)
    }
    let original = Array(whole.bytes.readableBytesView)
    var outcomes = (read: 0, told: 0)
    for seed in 0..<1_000 as Range<UInt64> {
      var random = SeededGenerator(seed: seed)
      var bytes = original
      for _ in 0..<Int.random(in: 1...4, using: &random) {
        let place = Int.random(in: 0..<bytes.count, using: &random)
        bytes[place] =
          [0, 0xFF, bytes[place] ^ 1, UInt8.random(in: 0...255, using: &random)].randomElement(using: &random) ?? 0
      }
      if seed % 5 == 0 { bytes.removeLast(Int.random(in: 0..<bytes.count, using: &random)) }
      do throws(ReplayError) {
        let contents = try CaptureContents(reading: ByteBuffer(bytes: bytes))
        outcomes.read += contents.sessions.count
        if contents.sessions.isEmpty { outcomes.told += contents.notices.isEmpty ? 0 : 1 }
        #expect(contents.notices.allSatisfy { $0.description.contains("packet") && $0.description.contains("offset") })
      } catch {
        #expect(error.description.contains("offset") || error.description.contains("packet"))
        outcomes.told += 1
      }
    }
    #expect(outcomes.read > 100 && outcomes.told > 100, "\(outcomes)")
  }
}
