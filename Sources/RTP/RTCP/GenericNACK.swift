import NIOCore

/// Packets that a receiver misses (RFC 4585, section 6.2.1).
public struct GenericNACK: RTCPBody {
  /// One missing packet, and which of the 16 behind it are missing too.
  public struct Entry: Sendable, Hashable {
    /// A missing packet's number.
    public var packetID: UInt16
    /// Bit n set: number `packetID` + n + 1 is missing.
    public var followingLost: UInt16

    /// An entry; see the properties.
    public init(packetID: UInt16, followingLost: UInt16) {
      self.packetID = packetID
      self.followingLost = followingLost
    }
  }

  /// The source that reports.
  public var senderSSRC: UInt32
  /// The stream with the gaps.
  public var mediaSSRC: UInt32
  /// At least one on the wire.
  public var entries: [Entry]

  /// A request of entries as on the wire.
  public init(senderSSRC: UInt32, mediaSSRC: UInt32, entries: [Entry]) {
    self.senderSSRC = senderSSRC
    self.mediaSSRC = mediaSSRC
    self.entries = entries
  }

  /// A request for missing packets, in the order of the stream (so 65 535 comes before 0).
  public init(senderSSRC: UInt32, mediaSSRC: UInt32, missing: some Sequence<UInt16>) {
    self.init(senderSSRC: senderSSRC, mediaSSRC: mediaSSRC, entries: [])
    for number in missing {
      if let last = entries.last, number == last.packetID { continue }
      let distance = entries.last.map { number &- $0.packetID &- 1 } ?? .max
      if distance < 16 {
        entries[entries.count - 1].followingLost |= 1 << distance
      } else {
        entries.append(Entry(packetID: number, followingLost: 0))
      }
    }
  }

  /// Calls `body` with each missing number, in the order of the entries; at most 17 an entry.
  public func forEachMissing(_ body: (UInt16) -> Void) {
    for entry in entries {
      body(entry.packetID)
      var bits = entry.followingLost
      while bits != 0 {
        body(entry.packetID &+ 1 &+ UInt16(bits.trailingZeroBitCount))
        bits &= bits &- 1
      }
    }
  }

  var packetType: UInt8 { RTCPPacketType.transportFeedback }
  var countOrFormat: Int { Int(FeedbackFormat.genericNACK) }
  var bodySize: Int { 8 + entries.count * 4 }

  init(parsing body: inout ByteBuffer, countOrFormat: UInt8) throws(RTPError) {
    let type = RTCPPacketType.transportFeedback
    senderSSRC = try body.readField(of: type)
    mediaSSRC = try body.readField(of: type)
    guard body.readableBytes > 0 else { throw .malformedReport(type: type, format: countOrFormat) }
    entries = []
    entries.reserveCapacity(body.readableBytes / 4)
    while body.readableBytes > 0 {
      let packetID = try body.readField(of: type, as: UInt16.self)
      entries.append(Entry(packetID: packetID, followingLost: try body.readField(of: type)))
    }
  }

  func writeBody(into buffer: inout ByteBuffer) {
    buffer.writeMultipleIntegers(senderSSRC, mediaSSRC)
    for entry in entries { buffer.writeMultipleIntegers(entry.packetID, entry.followingLost) }
  }
}
