import NIOCore
import Testing

@testable import RTMP

@Suite("Chunk reader")
struct ChunkReaderTests {
  private func read(
    _ bytes: [UInt8], split: Int = .max, limits: RTMPLimits = .init(), chunkSize: UInt32 = 128
  ) throws -> [Message] {
    var reader = ChunkReader(limits: limits)
    try reader.setChunkSize(chunkSize)
    var messages: [Message] = []
    for start in stride(from: 0, to: bytes.count, by: min(split, bytes.count)) {
      var piece = ByteBuffer(bytes: bytes[start..<min(start + min(split, bytes.count), bytes.count)])
      while let message = try reader.read(&piece) { messages.append(message) }
      #expect(piece.readableBytes == 0)
    }
    #expect(reader.partialBytes == 0)
    return messages
  }

  private func bodies(_ messages: [Message]) -> [[UInt8]] {
    messages.map { Array($0.body.readableBytesView) }
  }

  // MARK: Headers

  @Test(arguments: [2, 3, 63, 64, 65, 319, 320, 321, 65_598, 65_599])
  func idsOfOneTwoAndThreeBytes(id: Int) throws {
    let body = ramp(300)
    let bytes =
      join(
        Wire.type0(id, time: 7, length: 300, type: 9, stream: 0x0102_0304), Array(body[..<128]), Wire.type3(id),
        Array(body[128..<256]), Wire.type3(id), Array(body[256...]))
    for split in [1, 2, 3, 5, 64, .max] {
      let messages = try read(bytes, split: split)
      #expect(bodies(messages) == [body])
      #expect(messages.first?.chunkStream == id)
      #expect(messages.first?.streamID == 0x0102_0304)
      #expect(messages.first?.timestamp == 7)
      #expect(messages.first?.type == .video)
    }
  }

  @Test func eachTypeTakesOverWhatItLeavesOut() throws {
    let bytes =
      join(
        Wire.type0(4, time: 1000, length: 2, type: 8, stream: 5), [1, 2],
        Wire.type1(4, delta: 20, length: 3, type: 9), [3, 4, 5],
        Wire.type2(4, delta: 30), [6, 7, 8],
        Wire.type3(4), [9, 10, 11])
    for split in 1...bytes.count {
      let messages = try read(bytes, split: split)
      #expect(messages.map(\.timestamp) == [1000, 1020, 1050, 1080])
      #expect(messages.map(\.type) == [.audio, .video, .video, .video])
      #expect(messages.allSatisfy { $0.streamID == 5 })
      #expect(bodies(messages) == [[1, 2], [3, 4, 5], [6, 7, 8], [9, 10, 11]])
    }
  }

  @Test func type3AfterType0RepeatsASmallTimeAsDifferenceButNoClockReading() throws {
    let small = join(Wire.type0(4, time: 23, length: 1, type: 8), [1], Wire.type3(4), [2])
    #expect(try read(small).map(\.timestamp) == [23, 46])
    let large = join(Wire.type0(4, time: 50_000, length: 1, type: 8), [1], Wire.type3(4), [2])
    #expect(try read(large).map(\.timestamp) == [50_000, 50_000])
  }

  /// librtmp opens chunk stream 2 like this.
  @Test func type1MayOpenAChunkStream() throws {
    let messages = try read(Wire.type1(2, delta: 5, length: 1, type: 4) + [9])
    #expect(messages.map(\.timestamp) == [5])
    #expect(messages.map(\.streamID) == [0])
  }

  @Test(arguments: [2, 3] as [UInt8])
  func types2And3MayNot(format: UInt8) {
    #expect(throws: RTMPError.headerWithoutPredecessor(chunkStream: 6, format: format)) {
      _ = try read(Wire.basic(format, 6) + [0, 0, 0])
    }
  }

  @Test func messagesOfSeveralChunkStreamsInterleave() throws {
    let audio = ramp(200), video = ramp(300, from: 50)
    let bytes =
      join(
        Wire.type0(6, time: 1, length: 300, type: 9), Array(video[..<128]),
        Wire.type0(4, time: 2, length: 200, type: 8), Array(audio[..<128]), Wire.type3(6), Array(video[128..<256]),
        Wire.type3(4), Array(audio[128...]), Wire.type3(6), Array(video[256...]))
    for split in 1...40 {
      #expect(bodies(try read(bytes, split: split)) == [audio, video])
    }
  }

  @Test func emptyMessagesAreMessages() throws {
    let bytes = Wire.type0(4, time: 0, length: 0, type: 8) + Wire.type3(4) + Wire.type3(4)
    #expect(bodies(try read(bytes)) == [[], [], []])
    #expect(bodies(try read(bytes, split: 1)) == [[], [], []])
  }

  // MARK: Extended time stamps

  @Test(arguments: [0xFF_FFFE, 0xFF_FFFF, 0x100_0000, 0xFFFF_FC18, 0xFFFF_FFFF] as [UInt32], [true, false])
  func type3ChunksRepeatTheExtendedTimeOrNot(time: UInt32, repeats: Bool) throws {
    let message = Message(
      type: .video, streamID: 1, timestamp: time, chunkStream: 6, body: ByteBuffer(bytes: ramp(259)))
    let next = Message(type: .audio, streamID: 1, timestamp: 1, chunkStream: 4, body: ByteBuffer(bytes: [1]))
    let bytes = Wire.chunks(message, repeatsExtendedTime: repeats) + Wire.chunks(next)
    for split in [1, 2, 3, 4, 5, 7, 100, .max] {
      let messages = try read(bytes, split: split)
      #expect(bodies(messages) == [ramp(259), [1]], "split \(split)")
      #expect(messages.first?.timestamp == time)
    }
  }

  @Test func aShortLastChunkWithoutTheFieldIsNotHeldBack() throws {
    let time: UInt32 = 0x0100_0000
    let message = Message(
      type: .video, streamID: 1, timestamp: time, chunkStream: 6, body: ByteBuffer(bytes: ramp(129, from: 3)))
    #expect(bodies(try read(Wire.chunks(message, repeatsExtendedTime: false), split: 1)) == [ramp(129, from: 3)])
  }

  /// The kept bytes hold the end of one message and all of the next when the field turns out to be absent.
  @Test func bytesThatLookedLikeTheFieldAreReadAgain() throws {
    let time: UInt32 = 0x0103_FF00
    let body = ramp(128) + [1]
    let bytes =
      join(
        Wire.type0(6, time: time, length: 129, type: 9), Array(body[..<128]), Wire.basic(3, 6), [1],
        Wire.type0(3, time: 0, length: 0, type: 8))
    for split in 1...bytes.count {
      #expect(bodies(try read(bytes, split: split)) == [body, []], "split \(split)")
    }
  }

  @Test func aType3HeaderThatStartsAMessageMayStateItsOwnTime() throws {
    let time: UInt32 = 0x0200_0000
    let bytes =
      join(
        Wire.type0(4, time: time, length: 1, type: 8), [1], Wire.type1(4, delta: 0x0100_0000, length: 1, type: 8), [2],
        Wire.type3(4, extended: 0x0100_0000), [3], Wire.type3(4, extended: time + 0x0300_0000), [4])
    let messages = try read(bytes)
    #expect(messages.map(\.timestamp) == [time, time + 0x0100_0000, time + 0x0200_0000, time + 0x0300_0000])
    #expect(bodies(messages) == [[1], [2], [3], [4]])
  }

  // MARK: Rules

  @Test func anotherLengthInMidMessageIsAnError() {
    let bytes =
      join(
        Wire.type0(6, time: 1, length: 300, type: 9), ramp(128), Wire.type0(6, time: 1, length: 3_000, type: 9),
        ramp(128))
    for split in [1, 7, .max] {
      #expect(throws: RTMPError.headerRestated(chunkStream: 6, length: 300, restatedLength: 3_000)) {
        _ = try read(bytes, split: split)
      }
    }
    #expect(throws: RTMPError.headerRestated(chunkStream: 6, length: 300, restatedLength: 299)) {
      _ = try read(
        join(Wire.type0(6, time: 1, length: 300, type: 9), ramp(128), Wire.type1(6, delta: 1, length: 299, type: 9)))
    }
  }

  @Test func theSameLengthInMidMessageGoesOn() throws {
    let body = ramp(200)
    let bytes =
      join(
        Wire.type0(6, time: 1, length: 200, type: 9), Array(body[..<128]), Wire.type0(6, time: 1, length: 200, type: 9),
        Array(body[128...]))
    #expect(bodies(try read(bytes)) == [body])
  }

  @Test func abortForgetsWhatHasCome() throws {
    var reader = ChunkReader(limits: .init())
    var bytes = ByteBuffer(bytes: Wire.type0(6, time: 1, length: 300, type: 9) + ramp(128))
    #expect(try reader.read(&bytes) == nil)
    #expect(reader.partialBytes == 300)
    reader.abort(chunkStream: 6)
    reader.abort(chunkStream: 7)
    reader.abort(chunkStream: .max)
    #expect(reader.partialBytes == 0)
    bytes = ByteBuffer(bytes: Wire.type0(6, time: 2, length: 2, type: 9) + [1, 2])
    let message = try reader.read(&bytes)
    #expect(message?.body == ByteBuffer(bytes: [1, 2]))
  }

  // MARK: Limits, at n and n + 1

  @Test func messageLength() throws {
    var limits = RTMPLimits()
    limits.maximumMessageLength = 1000
    let fits = Message(type: .video, chunkStream: 6, body: ByteBuffer(bytes: ramp(1000)))
    #expect(try read(Wire.chunks(fits), limits: limits).count == 1)
    #expect(throws: RTMPError.messageTooLong(length: 1001, limit: 1000)) {
      _ = try read(Wire.type0(6, time: 0, length: 1001, type: 9), limits: limits)
    }
  }

  @Test func bytesInIncompleteMessages() throws {
    var limits = RTMPLimits()
    limits.maximumPartialBytes = 600
    var reader = ChunkReader(limits: limits)
    for id in [4, 5] {
      var bytes = ByteBuffer(bytes: Wire.type0(id, time: 0, length: 300, type: 9) + ramp(128))
      #expect(try reader.read(&bytes) == nil)
    }
    #expect(throws: RTMPError.partialMessagesTooLarge(bytes: 729, limit: 600)) {
      var bytes = ByteBuffer(bytes: Wire.type0(6, time: 0, length: 129, type: 9) + ramp(128))
      _ = try reader.read(&bytes)
    }
  }

  @Test func chunkStreams() throws {
    var limits = RTMPLimits()
    limits.maximumChunkStreams = 3
    let three = [4, 5, 400].flatMap { Wire.type0($0, time: 0, length: 1, type: 8) + [1] }
    #expect(try read(three + three, limits: limits).count == 6)
    #expect(throws: RTMPError.tooManyChunkStreams(limit: 3)) {
      _ = try read(three + Wire.type0(401, time: 0, length: 1, type: 8), limits: limits)
    }
  }

  @Test func chunkSize() throws {
    var reader = ChunkReader(limits: .init())
    try reader.setChunkSize(0x7FFF_FFFF)
    try reader.setChunkSize(1)
    for size in [0, 0x8000_0000, .max] as [UInt32] {
      #expect(throws: RTMPError.chunkSizeOutOfRange(size: size, limit: 0x7FFF_FFFF)) { try reader.setChunkSize(size) }
    }
    var limits = RTMPLimits()
    limits.maximumChunkSize = 4096
    reader = ChunkReader(limits: limits)
    try reader.setChunkSize(4096)
    #expect(throws: RTMPError.chunkSizeOutOfRange(size: 4097, limit: 4096)) { try reader.setChunkSize(4097) }
  }

  @Test func theLargestChunkSizeTakesNoMoreMemoryThanTheMessage() throws {
    // Encoders set it so as to send each message in one chunk.
    let size: UInt32 = 0x7FFF_FFFF
    let bytes = Wire.type0(6, time: 0, length: 70_000, type: 9) + ramp(70_000)
    for split in [1, 1000, .max] {
      let messages = try read(bytes, split: split, chunkSize: size)
      #expect(bodies(messages) == [ramp(70_000)])
      #expect(messages.allSatisfy { $0.body.storageCapacity <= 1 << 17 })
    }
    let tooLong = Wire.type0(6, time: 0, length: 4_194_305, type: 9)
    #expect(throws: RTMPError.messageTooLong(length: 4_194_305, limit: 4_194_304)) {
      _ = try read(tooLong, chunkSize: size)
    }
  }

  @Test func smallChunksHaveABudget() throws {
    var limits = RTMPLimits()
    limits.smallChunkBudget = 99
    func oneByteChunks(_ length: Int) -> [UInt8] {
      Wire.chunks(Message(type: .video, chunkStream: 6, body: ByteBuffer(bytes: ramp(length))), size: 1)
    }
    // The last chunk of a message may be small without cost.
    #expect(bodies(try read(oneByteChunks(100), limits: limits, chunkSize: 1)) == [ramp(100)])
    #expect(throws: RTMPError.smallChunkBudgetSpent(chunkSize: 1, budget: 99)) {
      _ = try read(oneByteChunks(101), limits: limits, chunkSize: 1)
    }
    let ordinary = Message(type: .video, chunkStream: 6, body: ByteBuffer(bytes: ramp(128 * 200)))
    #expect(try read(Wire.chunks(ordinary), limits: limits).count == 1)
  }

  // MARK: Memory

  @Test func aLargeMessageIsASliceAndASmallOneACopy() throws {
    var reader = ChunkReader(limits: .init())
    try reader.setChunkSize(4096)
    var bytes = ByteBufferAllocator().buffer(capacity: 4096)
    bytes.writeBytes(Wire.type0(6, time: 0, length: 2100, type: 9) + ramp(2100))
    bytes.writeBytes(Wire.type0(4, time: 0, length: 20, type: 8) + ramp(20))
    let large = try reader.read(&bytes), small = try reader.read(&bytes)
    #expect(large?.body.storageCapacity == 4096)
    #expect((small?.body.storageCapacity ?? .max) <= 80)
    #expect(small?.body == ByteBuffer(bytes: ramp(20)))
  }
}
