import NIOCore
import RTMP

/// What a tap saw on one connection, as packets of a capture file. Sans-IO: events and times in, blocks out.
///
///     opened -> said, finished in any order -> reset, or both sides finished
///
/// With an ``Anonymization`` each direction is read as RTMP and written anew. What cannot be read is not recorded from
/// there on, and ``loss`` says so; the connection's begin and end stand in the file all the same.
public struct ConnectionRecording: Sendable {
  /// Why bytes were not recorded.
  public enum Loss: Sendable, Equatable {
    /// The client speaks something else than RTMP in the clear; only that can be made anonymous.
    case notRTMP
    /// A direction stopped making sense.
    case unreadable(RTMPError)
  }

  private enum Direction {
    /// Everything is recorded as it is.
    case whole
    case rewritten(DirectionRewriter)
    case lost
  }

  private var narration: TCPNarration
  private let anonymization: Anonymization?
  private var client = Direction.whole
  private var server = Direction.whole
  private var hasSpoken = false
  /// The first reason why bytes of this connection were not recorded.
  public private(set) var loss: Loss?
  /// Bytes that were not recorded because of it.
  public private(set) var unrecordedBytes = 0

  /// A connection that nobody has asked for yet.
  /// - Parameters:
  ///   - client: its one end.
  ///   - server: its other end.
  ///   - number: the client's initial sequence number.
  ///   - anonymization: what to leave out; nil records everything.
  /// - Returns: nil for addresses that are none.
  public init?(
    client: CapturedEndpoint, server: CapturedEndpoint, number: UInt32, anonymization: Anonymization? = nil
  ) {
    self.anonymization = anonymization
    let ends = anonymization.map { ($0.endpoint(client), $0.endpoint(server)) } ?? (client, server)
    guard let narration = TCPNarration(client: ends.0, server: ends.1, number: number) else { return nil }
    self.narration = narration
    guard anonymization != nil else { return }
    self.client = .rewritten(DirectionRewriter(limits: Self.limits))
    self.server = .rewritten(DirectionRewriter(limits: Self.limits))
  }

  /// The server took the connection.
  public mutating func opened(at nanoseconds: UInt64) -> [ByteBuffer] {
    Self.blocks(narration.open(), nanoseconds)
  }

  /// The server could not be reached.
  public mutating func refused(at nanoseconds: UInt64) -> [ByteBuffer] {
    Self.blocks(narration.refuse(), nanoseconds)
  }

  /// A side sent bytes.
  public mutating func said(_ bytes: ByteBuffer, by side: TCPNarration.Side, at nanoseconds: UInt64) -> [ByteBuffer] {
    if !hasSpoken, anonymization != nil, bytes.readableBytes > 0 { listen(to: bytes, by: side) }
    guard let recorded = record(bytes, by: side) else { return [] }
    return Self.blocks(narration.say(recorded, from: side), nanoseconds)
  }

  /// A side has sent all it will.
  public mutating func finished(_ side: TCPNarration.Side, at nanoseconds: UInt64) -> [ByteBuffer] {
    Self.blocks(narration.finish(side), nanoseconds)
  }

  /// A side broke the connection off.
  public mutating func reset(by side: TCPNarration.Side, at nanoseconds: UInt64) -> [ByteBuffer] {
    Self.blocks(narration.reset(side), nanoseconds)
  }

  /// The first byte of all tells whether this is RTMP.
  private mutating func listen(to bytes: ByteBuffer, by side: TCPNarration.Side) {
    hasSpoken = true
    let isRTMP = side == .client && bytes.getInteger(at: bytes.readerIndex, as: UInt8.self) == 3
    guard !isRTMP else { return }
    loss = .notRTMP
    client = .lost
    server = .lost
  }

  /// What of the bytes goes into the file; nil for nothing, ever again.
  private mutating func record(_ bytes: ByteBuffer, by side: TCPNarration.Side) -> ByteBuffer? {
    switch side == .client ? client : server {
    case .whole: return bytes
    case .lost:
      unrecordedBytes += bytes.readableBytes
      return nil
    case .rewritten(var rewriter):
      guard let anonymization else { return nil }
      var rest = bytes
      do throws(RTMPError) {
        let recorded = try rewriter.rewrite(&rest) { anonymization.fate(of: $0) }
        if side == .client { client = .rewritten(rewriter) } else { server = .rewritten(rewriter) }
        return recorded
      } catch {
        loss = loss ?? .unreadable(error)
        unrecordedBytes += bytes.readableBytes
        if side == .client { client = .lost } else { server = .lost }
        return nil
      }
    }
  }

  private static func blocks(_ packets: [ByteBuffer], _ nanoseconds: UInt64) -> [ByteBuffer] {
    packets.map { PcapNGWriter.packet($0, at: nanoseconds) }
  }

  /// A tap is no server: what the one behind it takes is not for it to say.
  private static var limits: RTMPLimits {
    var limits = RTMPLimits()
    limits.maximumMessageLength = 0xFF_FFFF
    limits.maximumPartialBytes = 64 << 20
    limits.maximumChunkSize = Int(Int32.max)
    limits.maximumChunkStreams = 1024
    limits.smallChunkBudget = .max
    return limits
  }
}
