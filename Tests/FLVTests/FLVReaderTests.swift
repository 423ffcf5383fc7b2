import FLV
import NIOCore
import Testing
import Seeded

@Suite struct FLVReaderTests {
  /// Tags of all types, sizes and times, as a sane writer would make them.
  static func tags(_ count: Int, seed: UInt64) -> [FLVTag] {
    var generator = SeededGenerator(seed: seed)
    return (0..<count).map { index in
      let type = FLVTagType.allCases[index % 3]
      var body = ByteBuffer()
      switch type {
      case .audio: AudioTagHeader(soundFormat: .nellymoser, rate: .rate22050).write(into: &body)
      case .video: VideoTagHeader(frameType: .interFrame, codec: .sorensonH263).write(into: &body)
      case .scriptData: body.writeBytes([2, 0, 1, 0x61])
      }
      for _ in 0..<Int.random(in: 0...40, using: &generator) {
        body.writeInteger(UInt8.random(in: 0...255, using: &generator))
      }
      let timestamp = index == 1 ? UInt32.max : UInt32(index) * 0x101_0101
      return FLVTag(type: type, timestamp: timestamp, body: body)
    }
  }

  static func file(_ tags: [FLVTag], damaging: (inout ByteBuffer, _ index: Int) -> Void = { _, _ in }) throws
    -> ByteBuffer
  {
    var buffer = ByteBuffer()
    FLVWriter().writeHeader(hasAudio: true, hasVideo: true, into: &buffer)
    for (index, tag) in tags.enumerated() {
      var bytes = ByteBuffer()
      try FLVWriter().write(tag, into: &bytes)
      damaging(&bytes, index)
      buffer.writeBuffer(&bytes)
    }
    return buffer
  }

  static func read(_ file: ByteBuffer, inPiecesOf size: Int = .max) -> (tags: [FLVTag], damage: FLVReader.Damage) {
    var reader = FLVReader()
    var rest = file
    var tags: [FLVTag] = []
    while rest.readableBytes > 0, var piece = rest.readSlice(length: min(size, rest.readableBytes)) {
      reader.receive(&piece)
      while let tag = reader.next() { tags.append(tag) }
    }
    reader.finish()
    while let tag = reader.next() { tags.append(tag) }
    return (tags, reader.damage)
  }

  @Test func headerAndTagAreWrittenAsSpecified() throws {
    let file = try Self.file([FLVTag(type: .video, timestamp: 0x0102_0304, body: ByteBuffer(bytes: [0x12, 0xAB]))])
    #expect(file.hex == "464c5601050000000900000000" + "09000002" + "02030401" + "000000" + "12ab" + "0000000d")
  }

  @Test(arguments: [1, 2, 3, 7, 11, 12, 15, 16, 64, .max])
  func whatIsWrittenIsReadInPiecesOfAnySize(size: Int) throws {
    let tags = Self.tags(60, seed: 1)
    let (read, damage) = try Self.read(Self.file(tags), inPiecesOf: size)
    #expect(read == tags)
    #expect(damage == FLVReader.Damage())
  }

  @Test func whatIsWrittenIsReadAtEverySplit() throws {
    let tags = Self.tags(6, seed: 2)
    let file = try Self.file(tags)
    for split in 0...file.readableBytes {
      var reader = FLVReader()
      var rest = file
      var read: [FLVTag] = []
      let headSlice = rest.readSlice(length: split)
      var head = try #require(headSlice)
      reader.receive(&head)
      while let tag = reader.next() { read.append(tag) }
      reader.receive(&rest)
      reader.finish()
      while let tag = reader.next() { read.append(tag) }
      #expect(read == tags)
      #expect(reader.damage == FLVReader.Damage())
    }
  }

  @Test func tagIsHandedOutWhenTheNextOneStarts() throws {
    let tags = Self.tags(2, seed: 3)
    var file = try Self.file(tags)
    let first = 13 + 11 + tags[0].body.readableBytes
    var reader = FLVReader()
    let headSlice = file.readSlice(length: first + 15)
    var head = try #require(headSlice)
    reader.receive(&head)
    #expect(reader.next() == nil)
    let oneSlice = file.readSlice(length: 1)
    var one = try #require(oneSlice)
    reader.receive(&one)
    #expect(reader.next() == tags[0])
    reader.receive(&file)
    #expect(reader.next() == nil)
    reader.finish()
    #expect(reader.next() == tags[1])
    #expect(reader.next() == nil)
  }

  @Test(arguments: [0, 4, 0xFFFF_FFFF] as [UInt32])
  func previousTagSizeNeedNotBeRight(size: UInt32) throws {
    let tags = Self.tags(30, seed: 4)
    let file = try Self.file(tags) { bytes, _ in bytes.setInteger(size, at: bytes.writerIndex - 4) }
    let (read, damage) = Self.read(file, inPiecesOf: 100)
    #expect(read == tags)
    #expect(damage.wrongPreviousTagSizes == 30)
    #expect(damage.skippedBytes == 0)
  }

  @Test func previousTagSizeMayBeLeftOut() throws {
    let tags = Self.tags(30, seed: 5)
    let file = try Self.file(tags) { bytes, _ in bytes.moveWriterIndex(to: bytes.writerIndex - 4) }
    #expect(Self.read(file, inPiecesOf: 100).tags == tags)
  }

  @Test func fileWithoutItsHeaderIsReadFromTheFirstTag() throws {
    let tags = Self.tags(10, seed: 6)
    var file = try Self.file(tags)
    file.moveReaderIndex(forwardBy: 13)
    let (read, damage) = Self.read(file)
    #expect(read == tags)
    #expect(damage.skippedBytes == 0)
  }

  @Test func garbageBetweenTagsIsPassedOver() throws {
    let tags = Self.tags(10, seed: 7)
    let file = try Self.file(tags) { bytes, index in
      if index == 4 { bytes.writeBytes(Array(repeating: 0xE5, count: 1000)) }
    }
    for size in [1, 50, Int.max] {
      let (read, damage) = Self.read(file, inPiecesOf: size)
      #expect(read == tags)
      #expect(damage.skippedBytes == 1000)
    }
  }

  @Test(arguments: [-5, 5, 0x7F_0000])
  func tagOfWrongSizeCostsItselfOnly(error: Int) throws {
    var tags = Self.tags(12, seed: 8)
    tags[5].body.writeBytes(Array(repeating: 0x77, count: 30))
    let file = try Self.file(tags) { bytes, index in
      guard index == 5, let head = bytes.getInteger(at: 0, as: UInt32.self) else { return }
      bytes.setInteger(UInt32(Int(head) + error), at: 0)
    }
    let (read, damage) = Self.read(file, inPiecesOf: 33)
    #expect(read == Array(tags[..<5] + tags[6...]))
    #expect(damage.skippedBytes == tags[5].body.readableBytes + 15)
  }

  @Test func fileThatBreaksOffAnywhereGivesItsWholeTags() throws {
    let tags = Self.tags(6, seed: 9)
    let file = try Self.file(tags)
    var ends: [Int] = []
    for tag in tags { ends.append((ends.last ?? 9) + 15 + tag.body.readableBytes) }
    for length in 0..<file.readableBytes {
      let part = try #require(file.getSlice(at: 0, length: length))
      let (read, damage) = Self.read(part)
      let whole = ends.count { $0 <= length }
      #expect(read == Array(tags.prefix(whole)))
      if length > 13, let end = ends.prefix(whole).last, length > end + 4 {
        #expect(damage.unfinishedBytes == length - end - 4)
      }
    }
  }

  @Test(arguments: [0x29, 0x0F, 0x00] as [UInt8])
  func tagOfUnknownTypeIsSkippedByItsSize(type: UInt8) throws {
    let tags = Self.tags(5, seed: 10)
    let file = try Self.file(tags) { bytes, index in
      if index == 2 { bytes.setInteger(type, at: 0) }
    }
    let (read, damage) = Self.read(file, inPiecesOf: 10)
    #expect(read == Array(tags[..<2] + tags[3...]))
    #expect(damage.skippedTags == 1)
    #expect(damage.skippedBytes == 0)
  }

  @Test func longerFileHeaderIsPassedOver() throws {
    let tags = Self.tags(3, seed: 11)
    var file = try Self.file(tags)
    let longerSlice = file.readSlice(length: 9)
    var longer = try #require(longerSlice)
    longer.setInteger(12 as UInt32, at: 5)
    longer.writeBytes([1, 2, 3])
    longer.writeBuffer(&file)
    #expect(Self.read(longer, inPiecesOf: 1).tags == tags)
  }

  @Test func emptyBodiesAreTags() throws {
    let tags = [8, 9, 18].compactMap { FLVTagType(rawValue: $0) }.map {
      FLVTag(type: $0, timestamp: 5, body: ByteBuffer())
    }
    #expect(try Self.read(Self.file(tags), inPiecesOf: 1).tags == tags)
  }

  @Test func bodyIsAllowedUpTo24BitsOfSize() throws {
    let full = FLVTag(type: .scriptData, timestamp: 0, body: ByteBuffer(repeating: 2, count: 0xFF_FFFF))
    #expect(try Self.read(Self.file([full])).tags == [full])
    let over = FLVTag(type: .scriptData, timestamp: 0, body: ByteBuffer(repeating: 2, count: 0x100_0000))
    #expect(throws: FLVError.outOfRange(.fileTag, .tagSize, value: 0x100_0000, allowed: 0...0xFF_FFFF)) {
      try Self.file([over])
    }
  }

  /// No crash, no hang, and no more comes out than went in.
  @Test func tenThousandMutationsAreReadAsFarAsTheyGo() throws {
    var generator = SeededGenerator(seed: 12)
    let file = try Self.file(Self.tags(8, seed: 13))
    var tags = 0
    for _ in 0..<10_000 {
      let damaged = file.mutated(using: &generator)
      let (read, damage) = Self.read(damaged, inPiecesOf: Int.random(in: 1...300, using: &generator))
      let size = read.reduce(0) { $0 + 11 + $1.body.readableBytes } + damage.skippedBytes + damage.unfinishedBytes
      #expect(size <= damaged.readableBytes)
      tags += read.count
    }
    #expect(tags > 40_000)
  }
}
