import NIOCore

/// The packets one receiver was sent lately, to send them again when it asks (RFC 4585, section 6.2.1).
///
/// Frames are shared by all receivers of a track, so this is a list of references to them, each with the numbers its
/// packets had for this receiver: 24 bytes a frame, however many packets it has. Bounded in packets and in time; memory
/// grows with what is held.
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
    let timestamp: UInt32
    let first: UInt16
    let firstTransportNumber: UInt16
  }

  private let capacity: Int
  private let maximumAge: TimeAmount
  /// Frames in the order of their numbers, which follow each other without a gap.
  private var entries = CircularBuffer<Entry>(initialCapacity: 0)
  /// Of the oldest entry, beside it: reading it there would count a reference to its frame, for each frame sent.
  private var oldestNumber: UInt16 = 0
  private var oldestSentAt = NIODeadline.distantPast
  /// When a packet was sent again last. Empty on a network that loses nothing.
  private var resentAt: [UInt16: NIODeadline] = [:]
  /// Packets held.
  private(set) var count = 0

  /// - Parameters:
  ///   - capacity: Packets held, 1 to 32 768. Frames leave whole, and the newest one is held whatever its size.
  ///   - maximumAge: Older packets are let go; a receiver does not wait longer.
  public init(capacity: Int = 2048, maximumAge: TimeAmount = .seconds(2)) {
    self.capacity = min(max(capacity, 1), 32_768)
    self.maximumAge = maximumAge
  }

  /// Notes that all packets of `frame` were sent, the first one under that number. A number that does not follow the
  /// last one empties the history.
  public mutating func record(
    firstSequenceNumber: UInt16, frame: PacketizedFrame, timestamp: UInt32, firstTransportNumber: UInt16 = 0,
    at now: NIODeadline
  ) {
    if count > 0, firstSequenceNumber != oldestNumber &+ UInt16(truncatingIfNeeded: count) { removeAll() }
    expire(at: now)
    while count > 0, count + frame.count > capacity { removeOldest() }
    if count == 0 { (oldestNumber, oldestSentAt) = (firstSequenceNumber, now) }
    entries.append(
      Entry(
        frame: frame, sentAt: now, timestamp: timestamp, first: firstSequenceNumber,
        firstTransportNumber: firstTransportNumber))
    count += frame.count
  }

  /// Finds a packet to send again, and notes that it is.
  ///
  /// - Parameter minimumInterval: The round trip: a packet sent again more recently than that is not sent once more.
  public mutating func packet(
    _ sequenceNumber: UInt16, at now: NIODeadline, minimumInterval: TimeAmount
  ) -> Lookup {
    guard let entry = entry(of: sequenceNumber), now - entry.sentAt <= maximumAge else { return .notHeld }
    if let resentAt = resentAt[sequenceNumber], now - resentAt < minimumInterval { return .sentRecently }
    resentAt[sequenceNumber] = now
    let index = sequenceNumber &- entry.first
    return .found(
      Packet(
        frame: entry.frame, index: Int(index), timestamp: entry.timestamp, sentAt: entry.sentAt,
        transportNumber: entry.firstTransportNumber &+ index))
  }

  /// Lets go of the packets that are too old. `record` does so too; call it when a stream pauses.
  public mutating func expire(at now: NIODeadline) {
    while count > 0, now - oldestSentAt > maximumAge { removeOldest() }
  }

  /// Lets go of all packets.
  public mutating func removeAll() {
    entries.removeAll(keepingCapacity: true)
    resentAt.removeAll()
    count = 0
  }

  private mutating func removeOldest() {
    guard let oldest = entries.popFirst() else { return }
    count -= oldest.frame.count
    if let next = entries.first { (oldestNumber, oldestSentAt) = (next.first, next.sentAt) }
    guard !resentAt.isEmpty else { return }
    for index in 0..<oldest.frame.count {
      resentAt[oldest.first &+ UInt16(truncatingIfNeeded: index)] = nil
    }
  }

  /// The frame that a number belongs to, by halving.
  private func entry(of sequenceNumber: UInt16) -> Entry? {
    let distance = sequenceNumber &- oldestNumber
    guard Int(distance) < count else { return nil }
    var low = entries.startIndex
    var length = entries.count
    while length > 1 {
      let half = length / 2
      let middle = entries.index(low, offsetBy: half)
      if entries[middle].first &- oldestNumber <= distance {
        low = middle
        length -= half
      } else {
        length = half
      }
    }
    return entries[low]
  }
}
