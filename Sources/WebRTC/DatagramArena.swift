import NIOCore

/// Memory for a batch of outgoing datagrams. Whoever owns the socket sends the batch and empties the arena; nothing
/// here does IO. Fixed in size: it never grows, and writing to it takes no heap memory.
///
/// Datagrams lie one after the other, each on an eight-byte boundary as libsrtp wants it, so a run to one destination
/// is sent with one scatter list. Confined to one event loop.
public final class DatagramArena {
  /// One datagram: where it lies and who gets it.
  public struct Entry: Sendable {
    /// First byte, from the start of the arena.
    public let offset: Int
    /// Bytes.
    public let length: Int
    /// Index into `destinations`.
    public let destination: Int
  }

  /// Consecutive datagrams to one destination of which all but the last have one size: what UDP segmentation offload
  /// (Linux UDP_SEGMENT) can send in one call.
  public struct Run: Sendable {
    /// Indices into `entries`.
    public let range: Range<Int>
    /// Size of every datagram but perhaps the last, which may be smaller.
    public let segmentSize: Int
    /// All bytes.
    public let totalLength: Int
    /// Index into `destinations`.
    public let destination: Int
  }

  /// The datagrams of this batch, in order of writing.
  public private(set) var entries: [Entry] = []
  /// Whom the entries go to; consecutive entries to one address share an index.
  public private(set) var destinations: [SocketAddress] = []
  /// Datagrams lost because the arena was full and its owner did not empty it.
  public private(set) var dropped = 0
  /// Largest datagram that can be written.
  public let slotSize: Int
  private let slots: Int
  private let capacity: Int
  private var end = 0
  /// Where the next datagram goes, and its place in `destinations`; nil before its first datagram of this batch.
  private var address: SocketAddress?
  private var addressIndex: Int?
  private let memory: UnsafeMutableRawPointer
  private let onFull: ((DatagramArena) -> Void)?

  /// - Parameters:
  ///   - slots: most datagrams of one batch, at least 1.
  ///   - slotSize: largest datagram including the SRTP trailer, in bytes, at least 256.
  ///   - onFull: called when a datagram finds no room; it sends the batch and calls `removeAll()`. Once per batch,
  ///     not per datagram.
  public init(slots: Int = 64, slotSize: Int = 1500, onFull: ((DatagramArena) -> Void)? = nil) {
    self.slots = max(slots, 1)
    self.slotSize = (max(slotSize, 256) + 7) & ~7
    self.capacity = self.slots * self.slotSize
    self.onFull = onFull
    self.memory = .allocate(byteCount: self.capacity, alignment: 64)
    self.entries.reserveCapacity(self.slots)
    self.destinations.reserveCapacity(self.slots)
  }

  deinit { self.memory.deallocate() }

  /// No room for another datagram of `slotSize`.
  public var isFull: Bool { self.entries.count == self.slots || self.capacity - self.end < self.slotSize }

  /// Nothing to send.
  public var isEmpty: Bool { self.entries.isEmpty }

  /// Forgets the batch; its memory is used again.
  public func removeAll() {
    self.entries.removeAll(keepingCapacity: true)
    self.destinations.removeAll(keepingCapacity: true)
    self.addressIndex = nil
    self.end = 0
  }

  /// Says where the datagrams that follow go. Comparing addresses costs more than all else an arena does for a
  /// datagram, so whoever writes many to one peer says so once.
  public func address(to destination: SocketAddress) {
    guard self.address != destination else { return }
    self.address = destination
    self.addressIndex = nil
  }

  /// Writes one datagram in place, for the destination that was said last: `body` gets `slotSize` bytes and returns how
  /// many it used; 0 writes nothing. Returns false if there was no room even after `onFull`, or nothing was written.
  @inline(__always)
  @discardableResult
  public func append(_ body: (UnsafeMutableRawBufferPointer) -> Int) -> Bool {
    if self.isFull {
      self.onFull?(self)
      if self.isFull {
        self.dropped &+= 1
        return false
      }
    }
    let start = self.end
    let length = body(UnsafeMutableRawBufferPointer(start: self.memory + start, count: self.slotSize))
    guard length > 0, length <= self.slotSize, let destination = self.currentIndex() else { return false }
    self.entries.append(Entry(offset: start, length: length, destination: destination))
    self.end = start + ((length + 7) & ~7)
    return true
  }

  /// Writes one datagram in place for `destination`.
  @inline(__always)
  @discardableResult
  public func append(to destination: SocketAddress, _ body: (UnsafeMutableRawBufferPointer) -> Int) -> Bool {
    self.address(to: destination)
    return self.append(body)
  }

  private func currentIndex() -> Int? {
    if let addressIndex { return addressIndex }
    guard let address else { return nil }
    self.destinations.append(address)
    self.addressIndex = self.destinations.count - 1
    return self.addressIndex
  }

  /// Copies one datagram that was built elsewhere. Larger ones than `slotSize` are counted as dropped.
  @discardableResult
  public func append(_ datagram: ByteBuffer, to destination: SocketAddress) -> Bool {
    let count = datagram.readableBytes
    guard count <= self.slotSize else {
      self.dropped &+= 1
      return false
    }
    return self.append(to: destination) { slot in
      datagram.withUnsafeReadableBytes { slot.copyMemory(from: $0) }
      return count
    }
  }

  /// The bytes of one entry, for the length of the call.
  @inline(__always)
  public func withUnsafeBytes<Result>(of entry: Entry, _ body: (UnsafeRawBufferPointer) throws -> Result) rethrows
    -> Result
  {
    try body(UnsafeRawBufferPointer(start: self.memory + entry.offset, count: entry.length))
  }

  /// The memory of the whole batch; `Entry.offset` counts from its start. Valid until `removeAll()`.
  @inline(__always)
  public func withUnsafeMutableBytes<Result>(_ body: (UnsafeMutableRawBufferPointer) throws -> Result) rethrows
    -> Result
  {
    try body(UnsafeMutableRawBufferPointer(start: self.memory, count: self.end))
  }

  /// The run that begins at an entry. The kernel takes at most 64 segments and 65 507 bytes in one call, hence the
  /// limits.
  public func run(from index: Int, maximumSegments: Int = 64, maximumBytes: Int = 65_000) -> Run {
    let first = self.entries[index]
    var total = first.length
    var next = index + 1
    while next < self.entries.count, next - index < maximumSegments {
      let entry = self.entries[next]
      guard entry.destination == first.destination, entry.length <= first.length,
        total + entry.length <= maximumBytes
      else { break }
      total += entry.length
      next += 1
      // A shorter datagram can only be the last one.
      if entry.length < first.length { break }
    }
    return Run(range: index..<next, segmentSize: first.length, totalLength: total, destination: first.destination)
  }
}
