import NIOCore

/// The packets one receiver was sent lately, to send them again when it asks (RFC 4585, section 6.2.1).
///
/// A ring by sequence number. It holds references to shared frames, not bytes: some 40 bytes a packet. Bounded in packets
/// and in time; memory is taken with the first packet.
public struct RetransmissionHistory: Sendable {
  /// One packet as it was sent; header extensions are made anew.
  public struct Packet: Sendable {
    /// The frame the payload belongs to.
    public let frame: PacketizedFrame
    /// Index of the payload in its frame.
    public let index: Int
    /// The time stamp on the wire.
    public let timestamp: UInt32
    /// When the packet was sent first.
    public let sentAt: NIODeadline
    /// Its number within the transport, as it was sent first.
    public let transportNumber: UInt16
  }

  /// The answer to a request.
  public enum Lookup: Sendable {
    /// To be sent now.
    case found(Packet)
    /// The copy sent last may still be on its way.
    case sentRecently
    /// Never sent, too old, or overwritten.
    case notHeld
  }

  private struct Entry: Sendable {
    let frame: PacketizedFrame
    let sentAt: NIODeadline
    var resentAt: NIODeadline?
    let timestamp: UInt32
    let index: UInt16
    let transportNumber: UInt16
  }

  private let capacity: Int
  private let maximumAge: TimeAmount
  private var entries: [Entry?] = []
  /// The held numbers are `oldest`, and the `count` - 1 that follow.
  private var oldest: UInt16 = 0
  private(set) var count = 0

  /// - Parameters:
  ///   - capacity: Packets held, rounded up to a power of two; 1 to 32 768.
  ///   - maximumAge: Older packets are let go; a receiver does not wait longer.
  public init(capacity: Int = 512, maximumAge: TimeAmount = .seconds(2)) {
    let bounded = min(max(capacity, 1), 32_768)
    self.capacity = 1 << (Int.bitWidth - (bounded - 1).leadingZeroBitCount)
    self.maximumAge = maximumAge
  }

  /// Notes that packet `index` of `frame` was sent. A number that does not follow the last one empties the history.
  public mutating func record(
    sequenceNumber: UInt16, frame: PacketizedFrame, index: Int, timestamp: UInt32, transportNumber: UInt16 = 0,
    at now: NIODeadline
  ) {
    if entries.isEmpty { entries = Array(repeating: nil, count: capacity) }
    if count > 0, sequenceNumber != oldest &+ UInt16(truncatingIfNeeded: count) { removeAll() }
    expire(at: now)
    if count == capacity { removeOldest() }
    if count == 0 { oldest = sequenceNumber }
    entries[slot(sequenceNumber)] = Entry(
      frame: frame, sentAt: now, resentAt: nil, timestamp: timestamp, index: UInt16(truncatingIfNeeded: index),
      transportNumber: transportNumber)
    count += 1
  }

  /// Finds a packet to send again, and notes that it is.
  ///
  /// - Parameter minimumInterval: The round trip: a packet sent again more recently than that is not sent once more.
  public mutating func packet(
    _ sequenceNumber: UInt16, at now: NIODeadline, minimumInterval: TimeAmount
  ) -> Lookup {
    guard Int(sequenceNumber &- oldest) < count, let entry = entries[slot(sequenceNumber)],
      now - entry.sentAt <= maximumAge
    else { return .notHeld }
    if let resentAt = entry.resentAt, now - resentAt < minimumInterval { return .sentRecently }
    entries[slot(sequenceNumber)]?.resentAt = now
    return .found(
      Packet(
        frame: entry.frame, index: Int(entry.index), timestamp: entry.timestamp, sentAt: entry.sentAt,
        transportNumber: entry.transportNumber))
  }

  /// Lets go of the packets that are too old. `record` does so too; call it when a stream pauses.
  public mutating func expire(at now: NIODeadline) {
    while count > 0, let entry = entries[slot(oldest)], now - entry.sentAt > maximumAge { removeOldest() }
  }

  /// Lets go of all packets.
  public mutating func removeAll() {
    while count > 0 { removeOldest() }
  }

  private mutating func removeOldest() {
    entries[slot(oldest)] = nil
    oldest &+= 1
    count -= 1
  }

  private func slot(_ sequenceNumber: UInt16) -> Int {
    Int(sequenceNumber) & (capacity - 1)
  }
}
