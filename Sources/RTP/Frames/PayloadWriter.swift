/// Fills the memory of a `PacketizedFrame`, payload after payload.
///
/// The packetizer reckons the number of packets and of bytes first; writing past them is a bug of the packetizer and
/// stops the program instead of the memory.
struct PayloadWriter: ~Copyable {
  struct Parts {
    let storage: UnsafeRawPointer
    let count: Int
    let byteCount: Int
  }

  private let storage: UnsafeMutableRawPointer
  private let ends: UnsafeMutablePointer<UInt32>
  private let bytes: UnsafeMutableRawPointer
  private let packets: Int
  private let capacity: Int
  private var count = 0
  private var written = 0

  init(packets: Int, bytes: Int) {
    precondition(packets > 0 && bytes >= 0 && bytes <= Int(UInt32.max))
    let table = packets * MemoryLayout<UInt32>.stride
    storage = .allocate(byteCount: table + bytes, alignment: MemoryLayout<UInt32>.alignment)
    ends = storage.initializeMemory(as: UInt32.self, repeating: 0, count: packets)
    self.bytes = storage + table
    self.packets = packets
    capacity = bytes
  }

  deinit {
    storage.deallocate()
  }

  mutating func append(_ byte: UInt8) {
    precondition(written < capacity, "more bytes than reckoned")
    bytes.storeBytes(of: byte, toByteOffset: written, as: UInt8.self)
    written += 1
  }

  mutating func append(bigEndian value: UInt16) {
    append(UInt8(truncatingIfNeeded: value >> 8))
    append(UInt8(truncatingIfNeeded: value))
  }

  mutating func append(_ source: UnsafeRawBufferPointer) {
    precondition(source.count <= capacity - written, "more bytes than reckoned")
    guard let start = source.baseAddress else { return }
    (bytes + written).copyMemory(from: start, byteCount: source.count)
    written += source.count
  }

  mutating func endPayload() {
    precondition(count < packets, "more packets than reckoned")
    ends[count] = UInt32(written)
    count += 1
  }

  /// Hands the memory over; all packets must have been written.
  consuming func finish() -> Parts {
    precondition(count == packets && written == capacity, "less than reckoned")
    let parts = Parts(storage: UnsafeRawPointer(storage), count: packets, byteCount: capacity)
    discard self
    return parts
  }
}
