import NIOCore

/// When the packets of a transport arrived, all its streams counted together: transport-wide congestion control
/// (draft-holmer-rmcat-transport-wide-cc-extensions-01, section 3.1).
///
/// What the chunks and deltas say is kept as it came, checked, and read by `forEach`: a report costs no memory but
/// the slice it lies in.
public struct TransportFeedback: RTCPBody {
  /// The most packets one report may speak of. A report of 24 bytes could otherwise name 65 535 of them.
  public static let maximumPackets = 8192

  /// The source that reports.
  public let senderSSRC: UInt32
  /// Any stream of the transport.
  public let mediaSSRC: UInt32
  /// Number of the first packet spoken of.
  public let firstNumber: UInt16
  /// How many packets are spoken of, in a row.
  public let packetCount: UInt16
  /// Counts the reports, so that one can see that some were lost.
  public let feedbackCount: UInt8

  /// On the receiver's clock, in units of 64 ms; 24 bits with a sign.
  private let referenceTime: Int32
  private let chunks: ByteBuffer
  private let deltas: ByteBuffer

  /// A report of packets in a row.
  ///
  /// - Parameter arrivals: Microseconds on the receiver's clock, rounded down to 250; nil for a packet that did not come.
  ///   Two that follow each other lie within 8 s; at most `maximumPackets`, of which further ones are left out.
  public init(
    senderSSRC: UInt32, mediaSSRC: UInt32, firstNumber: UInt16, feedbackCount: UInt8, arrivals: [Int64?]
  ) {
    self.senderSSRC = senderSSRC
    self.mediaSSRC = mediaSSRC
    self.firstNumber = firstNumber
    self.feedbackCount = feedbackCount
    let arrivals = arrivals.prefix(Self.maximumPackets)
    packetCount = UInt16(arrivals.count)
    let first = arrivals.lazy.compactMap { $0 }.first ?? 0
    referenceTime = Int32(truncatingIfNeeded: first.flooredDivision(by: Self.referenceUnit).quotient)
    (chunks, deltas) = Self.encode(arrivals, from: Int64(referenceTime) * Self.referenceUnit)
  }

  /// Calls `body` with each packet's number, and its arrival in microseconds on the receiver's clock, nil if it has not
  /// come. The clock begins anywhere and wraps after 12 days.
  @inline(__always)
  public func forEach(_ body: (_ number: UInt16, _ arrival: Int64?) -> Void) {
    var chunks = chunks
    var deltas = deltas
    var number = firstNumber
    var left = Int(packetCount)
    var time = Int64(referenceTime) * Self.referenceUnit
    while left > 0, let word: UInt16 = chunks.readInteger() {
      let chunk = Chunk(word)
      for index in 0..<min(chunk.count, left) {
        switch chunk[index] {
        case .smallDelta: time += Int64(deltas.readInteger(as: UInt8.self) ?? 0) * Self.deltaUnit
        case .largeDelta: time += Int64(deltas.readInteger(as: Int16.self) ?? 0) * Self.deltaUnit
        case .notReceived, .reserved:
          body(number, nil)
          number &+= 1
          continue
        }
        body(number, time)
        number &+= 1
      }
      left -= chunk.count
    }
  }

  // MARK: - On the wire

  var packetType: UInt8 { RTCPPacketType.transportFeedback }
  var countOrFormat: Int { Int(FeedbackFormat.transportWide) }
  var bodySize: Int { 16 + chunks.readableBytes + deltas.readableBytes }

  init(parsing body: inout ByteBuffer, countOrFormat: UInt8) throws(RTPError) {
    let type = RTCPPacketType.transportFeedback
    senderSSRC = try body.readField(of: type)
    mediaSSRC = try body.readField(of: type)
    firstNumber = try body.readField(of: type)
    packetCount = try body.readField(of: type)
    let word = try body.readField(of: type, as: UInt32.self)
    referenceTime = Int32(bitPattern: word) >> 8
    feedbackCount = UInt8(truncatingIfNeeded: word)
    guard packetCount > 0, packetCount <= Self.maximumPackets else {
      throw .malformedReport(type: type, format: countOrFormat)
    }
    let start = body
    var left = Int(packetCount)
    var deltaBytes = 0
    while left > 0 {
      let chunk = Chunk(try body.readField(of: type))
      deltaBytes += chunk.deltaBytes(limit: left)
      left -= chunk.count
      guard chunk.count > 0 else { throw .malformedReport(type: type, format: countOrFormat) }
    }
    let chunkBytes = start.readableBytes - body.readableBytes
    guard let chunks = start.getSlice(at: start.readerIndex, length: chunkBytes),
      let deltas = body.readSlice(length: deltaBytes)
    else { throw .truncatedReport(type: type, needed: deltaBytes, available: body.readableBytes) }
    self.chunks = chunks
    self.deltas = deltas
    // What is left fills the last word up.
    guard body.readableBytes < 4 else { throw .malformedReport(type: type, format: countOrFormat) }
    body.moveReaderIndex(forwardBy: body.readableBytes)
  }

  func writeBody(into buffer: inout ByteBuffer) {
    buffer.writeMultipleIntegers(senderSSRC, mediaSSRC, firstNumber, packetCount)
    buffer.writeInteger(UInt32(truncatingIfNeeded: referenceTime) << 8 | UInt32(feedbackCount))
    buffer.writeImmutableBuffer(chunks)
    buffer.writeImmutableBuffer(deltas)
  }

  private static func encode(_ arrivals: ArraySlice<Int64?>, from reference: Int64) -> (ByteBuffer, ByteBuffer) {
    var chunks = ByteBuffer()
    var deltas = ByteBuffer()
    var time = reference
    var word: UInt16 = 0
    for (index, arrival) in arrivals.enumerated() {
      let slot = index % 7
      if slot == 0 { word = 0xC000 }
      if let arrival {
        let delta = (arrival - time).flooredDivision(by: deltaUnit).quotient
        time += delta * deltaUnit
        let symbol: Chunk.Symbol = (0...255).contains(delta) ? .smallDelta : .largeDelta
        word |= UInt16(symbol.rawValue) << (12 - 2 * slot)
        if symbol == .smallDelta {
          deltas.writeInteger(UInt8(delta))
        } else {
          deltas.writeInteger(Int16(clamping: delta))
        }
      }
      if slot == 6 || index == arrivals.count - 1 { chunks.writeInteger(word) }
    }
    return (chunks, deltas)
  }

  /// Microseconds.
  private static let referenceUnit: Int64 = 64_000
  private static let deltaUnit: Int64 = 250
}

/// What one word says about a run of packets (sections 3.1.3 and 3.1.4).
private struct Chunk {
  enum Symbol: UInt8 {
    case notReceived, smallDelta, largeDelta, reserved

    /// Bytes of the delta that goes with it.
    var deltaBytes: Int { self == .smallDelta ? 1 : self == .largeDelta ? 2 : 0 }
  }

  private let word: UInt16

  init(_ word: UInt16) { self.word = word }

  private var isRun: Bool { word & 0x8000 == 0 }

  /// Packets it speaks of; the last chunk may speak of more than there are.
  var count: Int { isRun ? Int(word & 0x1FFF) : word & 0x4000 == 0 ? 14 : 7 }

  subscript(index: Int) -> Symbol {
    let bits =
      isRun
      ? word >> 13 & 3 : word & 0x4000 == 0 ? word >> (13 - UInt16(index)) & 1 : word >> (12 - 2 * UInt16(index)) & 3
    return Symbol(rawValue: UInt8(bits)) ?? .reserved
  }

  /// Bytes of all deltas of the first `limit` packets.
  func deltaBytes(limit: Int) -> Int {
    let count = min(count, limit)
    if isRun { return count * self[0].deltaBytes }
    return (0..<count).reduce(0) { $0 + self[$1].deltaBytes }
  }
}
