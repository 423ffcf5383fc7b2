import NIOCore

/// Bytes in any split to whole messages (spec 5.3).
///
/// All state is in this one value, chunk streams in an array indexed by their id, and chunks are walked on raw memory,
/// so that a chunk costs neither an allocation nor a table look-up. A message costs at most one allocation: none when it
/// lies in one chunk of the receive buffer and fills a good part of it, else memory of its exact size.
struct ChunkReader: Sendable {
  /// The peer's chunk size (5.4.1).
  private(set) var chunkSize = 128
  /// Longest message let through from now on.
  var maximumMessageLength: Int
  /// Announced lengths of the messages that have memory and are incomplete.
  private(set) var partialBytes = 0

  private let limits: RTMPLimits
  /// Ids 2...63 at their own index, then those above in order of appearance.
  private var streams: [ChunkStream]
  private var highIDs: [Int] = []
  private var openStreams = 0
  private var smallChunksLeft: Int
  /// The chunk whose payload is being read.
  private var current = 0
  private var chunkMissing = 0
  /// A header that the last read cut in two.
  private var head = InlineArray<18, UInt8>(repeating: 0)
  private var headCount = 0

  init(limits: RTMPLimits) {
    self.limits = limits
    maximumMessageLength = limits.maximumMessageLength
    smallChunksLeft = limits.smallChunkBudget
    streams = Array(repeating: ChunkStream(), count: Self.lowIDs)
  }

  /// The next whole message, or nil when all of `bytes` is taken in and none is whole.
  mutating func read(_ bytes: inout ByteBuffer) throws(RTMPError) -> Message? {
    var taken = 0
    let step = try bytes.withUnsafeReadableBytes { memory throws(RTMPError) in
      try walk(memory, from: &taken)
    }
    bytes.moveReaderIndex(forwardBy: taken)
    switch step {
    case .needsMore:
      return nil
    case .assembled(let index):
      let body = streams[index].body
      streams[index].body = ByteBuffer()
      partialBytes -= streams[index].length
      return message(of: index, body: body)
    case .inOnePiece(let index):
      return message(of: index, body: Self.cut(&bytes, length: streams[index].length))
    }
  }

  /// Whether the next byte begins a chunk.
  var isBetweenChunks: Bool { chunkMissing == 0 && headCount == 0 }

  /// Set Chunk Size (5.4.1).
  mutating func setChunkSize(_ size: UInt32) throws(RTMPError) {
    guard size >= 1, size <= UInt32(clamping: limits.maximumChunkSize) else {
      throw .chunkSizeOutOfRange(size: size, limit: limits.maximumChunkSize)
    }
    chunkSize = Int(size)
  }

  /// Abort Message (5.4.2): forget what has come of the message on this chunk stream.
  mutating func abort(chunkStream: UInt32) {
    guard let index = existingIndex(of: Int(chunkStream)), streams[index].missing > 0 else { return }
    streams[index].missing = 0
    streams[index].body = ByteBuffer()
    partialBytes -= streams[index].length
  }
}

extension ChunkReader {
  private enum Step {
    case needsMore
    /// The message of the stream at this index is whole in the stream's own memory.
    case assembled(Int)
    /// It lies whole in the bytes at hand and is the next of them.
    case inOnePiece(Int)
  }

  /// Ids up to 63 have a basic header of one byte; all real media comes on these.
  private static let lowIDs = 64
  /// Chunks below this are counted (spec 5.4.1: "should be at least 128").
  private static let ordinaryChunkSize = 128
  /// A slice keeps the whole receive buffer alive; it may be at most so many times the message, for a
  /// group of pictures holds it as long as the message.
  private static let slackOfSlices = 2

  private mutating func walk(_ bytes: UnsafeRawBufferPointer, from at: inout Int) throws(RTMPError) -> Step {
    while true {
      if chunkMissing == 0 {
        guard let index = try readHeader(bytes, from: &at) else { return .needsMore }
        current = index
        let length = streams[index].length
        if streams[index].missing == length, streams[index].body.readableBytes == 0, headCount == 0 {
          // A fresh message: is all of it here?
          if chunkMissing == length, bytes.count - at >= length {
            chunkMissing = 0
            streams[index].missing = 0
            return .inOnePiece(index)
          }
        }
        try makeRoom(at: index)
      }
      let took = takePayload(bytes, from: &at)
      if streams[current].missing == 0 { return .assembled(current) }
      if chunkMissing > 0, !took { return .needsMore }
    }
  }

  /// Copies what is here of the current chunk; false when nothing is.
  private mutating func takePayload(_ bytes: UnsafeRawBufferPointer, from at: inout Int) -> Bool {
    guard headCount > 0 else { return takeRun(bytes, from: &at) }
    // Bytes that were kept because they might have been an extended time stamp and were not.
    let count = min(chunkMissing, headCount)
    for index in 0..<count { streams[current].body.writeInteger(head[index]) }
    dropHead(count)
    chunkMissing -= count
    streams[current].missing -= count
    return true
  }

  /// Copies the rest of the current chunk and the chunks behind it as long as they go on with the same message, which
  /// with a type 3 header of one byte takes no more than a look at it.
  private mutating func takeRun(_ bytes: UnsafeRawBufferPointer, from at: inout Int) -> Bool {
    var missing = streams[current].missing
    var chunkMissing = chunkMissing
    var position = at
    let chunkSize = chunkSize
    let isPlain = current < Self.lowIDs && !streams[current].hasExtendedTime && chunkSize >= Self.ordinaryChunkSize
    let continuation = isPlain ? 0xC0 | current : -1
    // The message has its memory, so that there is room for all that is missing.
    let written = streams[current].body.writeWithUnsafeMutableBytes(minimumWritableBytes: missing) { memory in
      var written = 0
      while true {
        let count = min(chunkMissing, bytes.count - position)
        UnsafeMutableRawBufferPointer(rebasing: memory[written..<written + count])
          .copyMemory(from: UnsafeRawBufferPointer(rebasing: bytes[position..<position + count]))
        written += count
        position += count
        chunkMissing -= count
        missing -= count
        guard chunkMissing == 0, missing > 0, position < bytes.count, Int(bytes[position]) == continuation else {
          return written
        }
        position += 1
        chunkMissing = min(chunkSize, missing)
      }
    }
    at = position
    self.chunkMissing = chunkMissing
    streams[current].missing = missing
    return written > 0
  }

  /// Takes memory for a message that just began, once it is known to be within bounds.
  private mutating func makeRoom(at index: Int) throws(RTMPError) {
    let length = streams[index].length
    guard streams[index].missing == length, streams[index].body.capacity == 0 else { return }
    let (total, overflow) = partialBytes.addingReportingOverflow(length)
    guard !overflow, total <= limits.maximumPartialBytes else {
      throw .partialMessagesTooLarge(bytes: total, limit: limits.maximumPartialBytes)
    }
    partialBytes = total
    if length > 0 { streams[index].body = ByteBufferAllocator().buffer(capacity: length) }
  }

  // Mutating, as `parse` is, though they change nothing: the compiler copies a value that it lends to a function while
  // it is being changed, and this one has 208 bytes.
  private mutating func message(of index: Int, body: ByteBuffer) -> Message {
    let stream = streams[index]
    return Message(
      type: MessageType(rawValue: stream.type), streamID: stream.streamID, timestamp: stream.timestamp,
      chunkStream: index < Self.lowIDs ? index : highIDs[index - Self.lowIDs], body: body)
  }

  private static func cut(_ bytes: inout ByteBuffer, length: Int) -> ByteBuffer {
    let isWorthKeeping = length >= bytes.storageCapacity / slackOfSlices
    // `walk` made sure that the message lies within the readable bytes.
    let slice = bytes.readSlice(length: length) ?? ByteBuffer()
    guard !isWorthKeeping, length > 0 else { return slice }
    var copy = ByteBufferAllocator().buffer(capacity: length)
    copy.writeImmutableBuffer(slice)
    return copy
  }
}

// MARK: - Headers

extension ChunkReader {
  /// Reads a chunk's header and makes its stream ready; nil when the bytes end within it (they are kept).
  private mutating func readHeader(_ bytes: UnsafeRawBufferPointer, from at: inout Int) throws(RTMPError) -> Int? {
    let rest = UnsafeRawBufferPointer(rebasing: bytes[at...])
    if headCount == 0 {
      guard let (header, length) = parse(rest) else {
        keep(rest, from: &at)
        return nil
      }
      at += length
      return try begin(header)
    }
    let earlier = headCount
    let added = min(ChunkHeader.maximumLength - earlier, rest.count)
    for index in 0..<added { head[earlier + index] = rest[index] }
    // A copy: the parser reads this value while it lends its own memory.
    let known = head
    let parsed = withUnsafeBytes(of: known) { memory in
      parse(UnsafeRawBufferPointer(rebasing: memory[..<(earlier + added)]))
    }
    guard let (header, length) = parsed else {
      headCount = earlier + added
      at += added
      return nil
    }
    if length >= earlier {
      headCount = 0
      at += length - earlier
    } else {
      dropHead(length)
    }
    return try begin(header)
  }

  private mutating func parse(_ bytes: UnsafeRawBufferPointer) -> (ChunkHeader, length: Int)? {
    guard var (header, length) = ChunkHeader.basic(bytes) else { return nil }
    if header.format < 3 {
      guard let end = header.readFields(bytes, at: length) else { return nil }
      return (header, end)
    }
    if let index = existingIndex(of: header.chunkStream), streams[index].hasExtendedTime {
      guard let repeats = streams[index].repeatsExtendedTime(bytes, at: length) else { return nil }
      if repeats { length += 4 }
    }
    return (header, length)
  }

  private mutating func begin(_ header: ChunkHeader) throws(RTMPError) -> Int {
    let index = try index(of: header.chunkStream)
    if streams[index].missing > 0 {
      if header.format < 2 {
        // Taken as a new message, this would read past the memory of the old one (CVE-2016-10191).
        guard header.length == streams[index].length, header.type == streams[index].type else {
          throw .headerRestated(
            chunkStream: header.chunkStream, length: streams[index].length, restatedLength: header.length)
        }
      }
    } else {
      guard header.format < 2 || streams[index].isOpen else {
        throw .headerWithoutPredecessor(chunkStream: header.chunkStream, format: header.format)
      }
      streams[index].begin(header)
      guard streams[index].length <= maximumMessageLength else {
        throw .messageTooLong(length: streams[index].length, limit: maximumMessageLength)
      }
    }
    chunkMissing = min(chunkSize, streams[index].missing)
    if chunkSize < Self.ordinaryChunkSize, chunkMissing == chunkSize, chunkMissing < streams[index].missing {
      smallChunksLeft -= 1
      guard smallChunksLeft >= 0 else {
        throw .smallChunkBudgetSpent(chunkSize: chunkSize, budget: limits.smallChunkBudget)
      }
    }
    return index
  }

  private func existingIndex(of id: Int) -> Int? {
    if id < Self.lowIDs { return id }
    return highIDs.firstIndex(of: id).map { Self.lowIDs + $0 }
  }

  private mutating func index(of id: Int) throws(RTMPError) -> Int {
    let existing = existingIndex(of: id)
    if let existing, streams[existing].isOpen { return existing }
    openStreams += 1
    guard openStreams <= limits.maximumChunkStreams else {
      throw .tooManyChunkStreams(limit: limits.maximumChunkStreams)
    }
    if let existing { return existing }
    highIDs.append(id)
    streams.append(ChunkStream())
    return Self.lowIDs + highIDs.count - 1
  }

  private mutating func keep(_ bytes: UnsafeRawBufferPointer, from at: inout Int) {
    // Shorter than a whole header, or it would have been parsed.
    for index in 0..<bytes.count { head[index] = bytes[index] }
    headCount = bytes.count
    at += bytes.count
  }

  private mutating func dropHead(_ count: Int) {
    for index in count..<headCount { head[index - count] = head[index] }
    headCount -= count
  }
}
