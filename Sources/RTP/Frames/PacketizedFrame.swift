import NIOCore

/// One encoded frame cut into RTP payloads once, for every receiver.
///
/// Immutable and shared between event loops; a frame costs two allocations however many packets it has. All payloads
/// lie in one piece of memory: first a table with the end of each payload (`UInt32`), then the payloads themselves.
public final class PacketizedFrame: Sendable {
  /// The most packets one frame may have; it keeps a frame far from half the range of sequence numbers.
  public static let maximumPackets = 4096

  /// The payload format.
  public let codec: PayloadCodec
  /// RTP clock ticks since the speaker's media time zero, not wrapped.
  public let mediaTime: Int64
  /// Whether a receiver that has seen nothing before can start here. Always true for sound.
  public let isKeyFrame: Bool
  /// Number of packets, at least 1.
  public let count: Int
  /// Bytes of all payloads together.
  public let byteCount: Int
  /// How loud it is; nil for pictures, and where nobody measured.
  public let audioLevel: AudioLevel?

  private let markedPacket: Int?
  // Written only before `init` and freed only in `deinit`, so sharing it between threads is sound.
  @usableFromInline nonisolated(unsafe) let storage: UnsafeRawPointer

  /// Takes the memory over and frees it in the end.
  init(
    codec: PayloadCodec, mediaTime: Int64, isKeyFrame: Bool, markedPacket: Int?, audioLevel: AudioLevel? = nil,
    taking parts: PayloadWriter.Parts
  ) {
    self.codec = codec
    self.mediaTime = mediaTime
    self.isKeyFrame = isKeyFrame
    self.markedPacket = markedPacket
    self.audioLevel = audioLevel
    count = parts.count
    byteCount = parts.byteCount
    storage = parts.storage
  }

  /// A frame of payloads that were cut elsewhere.
  ///
  /// - Parameter markedPacket: Index of the packet with the marker bit, if any.
  /// - Throws: `emptyFrame` without payloads, `tooManyPackets` or `frameTooLarge` beyond the limits.
  public convenience init(
    codec: PayloadCodec, mediaTime: Int64, isKeyFrame: Bool, markedPacket: Int?, payloads: [ByteBuffer]
  ) throws(RTPError) {
    guard !payloads.isEmpty else { throw .emptyFrame }
    guard payloads.count <= Self.maximumPackets else {
      throw .tooManyPackets(count: payloads.count, limit: Self.maximumPackets)
    }
    let size = payloads.reduce(0) { $0 + $1.readableBytes }
    guard size <= FrameSize.maximum else { throw .frameTooLarge(size: size, limit: FrameSize.maximum) }
    var writer = PayloadWriter(packets: payloads.count, bytes: size)
    for payload in payloads {
      payload.withUnsafeReadableBytes { writer.append($0) }
      writer.endPayload()
    }
    self.init(
      codec: codec, mediaTime: mediaTime, isKeyFrame: isKeyFrame, markedPacket: markedPacket, taking: writer.finish())
  }

  deinit {
    storage.deallocate()
  }

  /// Whether packet `index` carries the marker bit: the last packet of a picture, the first one of a talk spurt.
  public func marker(_ index: Int) -> Bool {
    markedPacket == index
  }

  /// Bytes of payload `index` (0 ..< `count`).
  @inlinable
  public func payloadSize(_ index: Int) -> Int {
    let range = payloadRange(index)
    return range.count
  }

  /// Lends payload `index` (0 ..< `count`) without copying, counting references or allocating.
  ///
  /// The bytes must not be used after `body` returns.
  @inlinable
  public func withUnsafePayload<Result, Failure: Error>(
    _ index: Int, _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    let range = payloadRange(index)
    let start = storage + (count &* MemoryLayout<UInt32>.stride &+ range.lowerBound)
    return try body(UnsafeRawBufferPointer(start: start, count: range.count))
  }

  /// A copy of payload `index`, for tests and slow paths.
  public func payload(_ index: Int) -> ByteBuffer {
    withUnsafePayload(index) { ByteBuffer(bytes: $0) }
  }

  @inlinable
  func payloadRange(_ index: Int) -> Range<Int> {
    precondition(index >= 0 && index < count, "payload index out of range")
    let ends = storage.assumingMemoryBound(to: UInt32.self)
    return (index == 0 ? 0 : Int(ends[index - 1]))..<Int(ends[index])
  }
}
