import NIOCore

/// Numbers the packets of a transport, all its streams together, and remembers when each left and how large it was until
/// the receiver has said what became of it.
///
/// A ring of eight bytes a packet, taken with the first one; noting a packet allocates nothing.
public struct TransportLedger: Sendable {
  /// A packet that has left.
  struct Packet: Sendable, Hashable {
    /// Microseconds since the ledger began.
    let sentAt: Int64
    /// Bytes of the datagram.
    let size: Int
    /// Whether it was said to be lost before.
    let wasMissed: Bool
  }

  /// The number of the next packet.
  public private(set) var next: UInt16 = 0
  private var entries: [Entry] = []
  private let began: NIODeadline

  private struct Entry {
    /// Microseconds, wrapped: what becomes of a packet is known within seconds.
    var sentAt: UInt32 = 0
    var number: UInt16 = 0
    /// 0 for a place that holds nothing; the top bit for one that was missed.
    var size: UInt16 = 0

    static let missed: UInt16 = 0x8000
  }

  /// Begins to count.
  public init(at now: NIODeadline) { began = now }

  /// Notes that the packet of number `next` leaves.
  @inline(__always)
  public mutating func record(size: Int, at now: NIODeadline) {
    if entries.isEmpty { entries = Array(repeating: Entry(), count: Self.capacity) }
    entries[Int(next) & (Self.capacity - 1)] = Entry(
      sentAt: UInt32(truncatingIfNeeded: microseconds(now)), number: next, size: UInt16(min(max(size, 1), 0x7FFF)))
    next &+= 1
  }

  /// Strikes a packet off that has arrived. Nil if it was never sent, has arrived before, or is older than the ledger is
  /// long.
  mutating func arrived(_ number: UInt16, at now: NIODeadline) -> Packet? {
    guard let slot = slot(number) else { return nil }
    defer { entries[slot].size = 0 }
    return packet(slot, now)
  }

  /// Notes that a packet has not come; it may still. Nil as for `arrived`, and for one that was missed before.
  mutating func missed(_ number: UInt16, at now: NIODeadline) -> Packet? {
    guard let slot = slot(number), entries[slot].size & Entry.missed == 0 else { return nil }
    entries[slot].size |= Entry.missed
    return packet(slot, now)
  }

  private func slot(_ number: UInt16) -> Int? {
    guard !entries.isEmpty else { return nil }
    let slot = Int(number) & (Self.capacity - 1)
    return entries[slot].number == number && entries[slot].size > 0 ? slot : nil
  }

  private func packet(_ slot: Int, _ now: NIODeadline) -> Packet {
    let (entry, present) = (entries[slot], microseconds(now))
    let age = UInt32(truncatingIfNeeded: present) &- entry.sentAt
    return Packet(
      sentAt: present - Int64(age), size: Int(entry.size & ~Entry.missed), wasMissed: entry.size & Entry.missed != 0)
  }

  private func microseconds(_ now: NIODeadline) -> Int64 { (now - began).nanoseconds / 1000 }

  /// Packets; a second of 10 Mbit/s.
  private static let capacity = 1024
}
