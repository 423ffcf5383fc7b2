import NIOCore

/// Reads an FLV file in pieces of any size, and goes on behind damage.
///
/// ```
///  fileHeader ──▶ boundary ──▶ tag ──▶ boundary ──▶ ...
///       │                       │ neither its size nor what follows it makes sense
///       └──── no header ────▶ search ──▶ boundary (behind the first tag that is sure)
/// ```
///
/// A tag is handed out when what follows confirms it: its size written again behind it (PreviousTagSize), or another
/// plausible tag. Neither is needed alone, for whole tools write that size wrong, and others end a file in mid-tag. So
/// the last tag comes after ``finish()``.
///
/// Memory: what was received and not yet read. Whoever drains ``next()`` after each ``receive(_:)`` holds at most one
/// tag (16 MiB) and a piece.
///
/// Source: Adobe Flash Video File Format 10.1, E.2 to E.4.1.
public struct FLVReader: Sendable {
  /// What was not as it should be.
  public struct Damage: Sendable, Hashable {
    /// Bytes passed over in search of a tag.
    public var skippedBytes = 0
    /// Tags of an unknown or encrypted type.
    public var skippedTags = 0
    /// Tags whose size was not written behind them.
    public var wrongPreviousTagSizes = 0
    /// Bytes at the end that make no whole tag.
    public var unfinishedBytes = 0

    /// No damage.
    public init() {}
  }

  private enum State {
    case fileHeader, boundary, tag
    case search(passed: Int)
    case done
  }

  /// The damage met so far.
  public private(set) var damage = Damage()

  /// Where in the file the next byte to be looked at stands: behind the tag that ``next()`` handed out last.
  public var position: Int { received - buffer.readableBytes }

  private var received = 0
  private var state = State.fileHeader
  private var buffer = ByteBuffer()
  private var isFinished = false

  /// A reader at the start of a file.
  public init() {}

  /// Takes the next bytes of the file, all of them.
  public mutating func receive(_ bytes: inout ByteBuffer) {
    if buffer.readableBytes == 0 { buffer.clear(minimumCapacity: bytes.readableBytes) }
    received += bytes.readableBytes
    buffer.writeBuffer(&bytes)
  }

  /// Says that the file ends here; ``next()`` then gives what is left.
  public mutating func finish() { isFinished = true }

  /// The next tag, `nil` when more bytes are needed or, after ``finish()``, when there are none.
  public mutating func next() -> FLVTag? {
    while true {
      switch state {
      case .fileHeader: guard readFileHeader() else { return nil }
      case .boundary: guard passBoundary() else { return nil }
      case .tag:
        switch readTag() {
        case .needsBytes: return nil
        case .skipped: continue
        case .tag(let tag): return tag
        }
      case .search(let passed): guard search(passed: passed) else { return nil }
      case .done: return nil
      }
    }
  }

  // MARK: Steps. Each returns false when it cannot go on without more bytes.

  private mutating func readFileHeader() -> Bool {
    guard buffer.readableBytes >= 9 || isFinished else { return false }
    defer { discardRead() }
    guard buffer.getString(at: buffer.readerIndex, length: 3) == "FLV",
      let offset = buffer.getInteger(at: buffer.readerIndex + 5, as: UInt32.self)
    else {
      state = .search(passed: 0)
      return true
    }
    // A header longer than its nine bytes is legal, but none was ever seen: far more is damage, and is not waited for.
    let length = (9...64).contains(offset) ? Int(offset) : 9
    guard buffer.readableBytes >= length else {
      if isFinished { end() }
      return false
    }
    buffer.moveReaderIndex(forwardBy: length)
    state = .boundary
    return true
  }

  /// Passes the size of the tag before, which a few writers leave out.
  private mutating func passBoundary() -> Bool {
    guard buffer.readableBytes >= 4 + TagHeader.sniffedLength || isFinished else { return false }
    guard buffer.readableBytes >= 4 else {
      end()
      return false
    }
    let behind = TagHeader(buffer, at: buffer.readerIndex + 4)
    let isCertain = behind?.isPlausible == true && behind?.streamID == 0
    // A time of 8, 9 or 18 in its highest byte looks like a tag's type, so of two that could be the stricter wins.
    if isCertain || !isLeftOut(at: buffer.readerIndex) { buffer.moveReaderIndex(forwardBy: 4) }
    state = .tag
    return true
  }

  private enum TagStep {
    case needsBytes, skipped
    case tag(FLVTag)
  }

  private mutating func readTag() -> TagStep {
    guard let header = TagHeader(buffer, at: buffer.readerIndex) else {
      if isFinished { end() }
      return .needsBytes
    }
    switch confirm(header, at: buffer.readerIndex, isSearching: false) {
    case .needsBytes:
      return .needsBytes
    case .refused:
      state = .search(passed: 0)
      return .skipped
    case .confirmed:
      return take(header)
    }
  }

  /// Moves to the first place where a tag is beyond doubt.
  private mutating func search(passed: Int) -> Bool {
    let start = buffer.readerIndex - passed
    defer { discardRead() }
    while let header = TagHeader(buffer, at: buffer.readerIndex) {
      if header.isPlausible, header.streamID == 0 {
        switch confirm(header, at: buffer.readerIndex, isSearching: true) {
        case .needsBytes:
          state = .search(passed: buffer.readerIndex - start)
          return false
        case .confirmed:
          damage.skippedBytes += buffer.readerIndex - start
          state = .tag
          return true
        case .refused: break
        }
      }
      buffer.moveReaderIndex(forwardBy: 1)
    }
    state = .search(passed: buffer.readerIndex - start)
    if isFinished { end() }
    return false
  }

  private enum Confirmation {
    case needsBytes, confirmed, refused
  }

  /// Whether what follows a tag shows that its size is right.
  private func confirm(_ header: TagHeader, at start: Int, isSearching: Bool) -> Confirmation {
    let end = start + TagHeader.length + header.bodySize
    guard end + 4 + TagHeader.sniffedLength <= buffer.writerIndex || isFinished else { return .needsBytes }
    guard end <= buffer.writerIndex else { return .refused }
    if buffer.getInteger(at: end, as: UInt32.self) == header.previousTagSize { return .confirmed }
    if !isSearching, !header.isPlausible { return .refused }
    if let next = TagHeader(buffer, at: end + 4) {
      return next.isPlausible || isLeftOut(at: end) ? .confirmed : .refused
    }
    // The end of the file: a tag that was in its place is taken, a found one is not.
    return isSearching ? .refused : .confirmed
  }

  /// Whether a tag follows at once where the size of the one before should be.
  private func isLeftOut(at index: Int) -> Bool {
    guard let header = TagHeader(buffer, at: index) else { return false }
    return header.isPlausible && header.streamID == 0
  }

  private mutating func take(_ header: TagHeader) -> TagStep {
    buffer.moveReaderIndex(forwardBy: TagHeader.length)
    // A copy: a slice would make the next bytes received copy the whole buffer.
    let body = buffer.readSlice(length: header.bodySize).map { ByteBuffer(bytes: $0.readableBytesView) }
    if buffer.getInteger(at: buffer.readerIndex, as: UInt32.self) != header.previousTagSize {
      damage.wrongPreviousTagSizes += 1
    }
    state = .boundary
    discardRead()
    guard let body, let type = FLVTagType(rawValue: header.type) else {
      damage.skippedTags += 1
      return .skipped
    }
    return .tag(FLVTag(type: type, timestamp: header.timestamp, body: body))
  }

  private mutating func end() {
    switch state {
    case .fileHeader, .tag: damage.unfinishedBytes += buffer.readableBytes
    case .search(let passed): damage.unfinishedBytes += passed + buffer.readableBytes
    case .boundary, .done: break
    }
    buffer.clear()
    state = .done
  }

  private mutating func discardRead() {
    // Only when it moves no more than was read, or a file received at once would be moved again and again.
    if buffer.readerIndex > 1 << 16, buffer.readerIndex >= buffer.readableBytes { buffer.discardReadBytes() }
  }
}
