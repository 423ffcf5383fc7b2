import NIOCore

/// Numbers the packets of a transport, all its streams together, and remembers when each left and how large it was until
/// the receiver has said what became of it.
///
/// A ring of eight bytes a packet, taken with the first one; noting a packet allocates nothing.
public struct TransportLedger: Sendable {
  /// A packet that has left.
  public struct Packet: Sendable, Hashable {
    /// Microseconds since the ledger began.
    public let sentAt: Int64
    /// Bytes of the datagram.
    public let size: Int
  }

  /// The number of the next packet.
  public private(set) var next: UInt16 = 0
  private var entries: [Entry] = []
  private let began: NIODeadline

  private struct Entry {
    /// Microseconds, wrapped: a packet is asked for within seconds.
    var sentAt: UInt32 = 0
    var number: UInt16 = 0
    /// 0 for a place that holds nothing.
    var size: UInt16 = 0
  }

  /// Begins to count.
  public init(at now: NIODeadline) { began = now }

  /// Notes that the packet of number `next` leaves.
  @inline(__always)
  public mutating func record(size: Int, at now: NIODeadline) {
    if entries.isEmpty { entries = Array(repeating: Entry(), count: Self.capacity) }
    entries[Int(next) & (Self.capacity - 1)] = Entry(
      sentAt: UInt32(truncatingIfNeeded: microseconds(now)), number: next, size: UInt16(clamping: size))
    next &+= 1
  }

  /// Strikes a packet off. Nil if it was never sent, was struck off before, or is older than the ledger is long.
  @inline(__always)
  public mutating func take(_ number: UInt16, at now: NIODeadline) -> Packet? {
    guard !entries.isEmpty else { return nil }
    let slot = Int(number) & (Self.capacity - 1)
    let entry = entries[slot]
    guard entry.number == number, entry.size > 0 else { return nil }
    entries[slot].size = 0
    let present = microseconds(now)
    let age = UInt32(truncatingIfNeeded: present) &- entry.sentAt
    return Packet(sentAt: present - Int64(age), size: Int(entry.size))
  }

  private func microseconds(_ now: NIODeadline) -> Int64 { (now - began).nanoseconds / 1000 }

  /// Packets; a second of 10 Mbit/s.
  private static let capacity = 1024
}
