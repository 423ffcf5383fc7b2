import NIOCore
import RTP

/// One event loop's fan-out, as the room sees it: takes an encoded frame once and sends it to every receiver there.
///
/// Implementations do the one hop to their loop; every method may be called from any thread and must not block.
public protocol FrameSink: AnyObject, Sendable {
  /// A frame for all receivers on this loop that are subscribed to `track` and get this rendition.
  /// - Parameters:
  ///   - rendition: which one of the track's the frame is of.
  ///   - untouched: the payload that the track passes through, if it does: with it each receiver knows by
  ///     ``Rendition/chosen(for:kind:untouched:tier:)`` which rendition is its own.
  ///   - receivedAt: when the last byte of the message was read that the frame comes from.
  func deliver(
    _ frame: PacketizedFrame, of track: TrackID, as rendition: Rendition, untouched: PayloadCodec?,
    receivedAt: NIODeadline)

  /// A group of untouched pictures for one receiver that has just joined, or has lost its place: the first frame is a key
  /// frame, the last one the newest. The receiver gets them compressed into the live time line.
  func deliver(groupOfPictures: [PacketizedFrame], of track: TrackID, to subscriber: SubscriberID)
}

/// One receiver's wish to get a track.
public struct Subscriber: Sendable {
  /// Unique within the process.
  public let id: SubscriberID
  /// What the receiver negotiated and can decode.
  public let codecs: Set<PayloadCodec>
  /// The fan-out of the receiver's event loop.
  public let sink: any FrameSink
  /// How much of the picture it is to get.
  public let tier: Tier
  /// What goes on to it until the first key frame of `tier`; nil if nothing does. ``Track/settle(_:)`` ends it.
  public internal(set) var former: Tier?
  /// What the receiver's line has for this track, in bit/s; nil while no bound is known.
  public internal(set) var bitRate: Int?

  /// Describes a receiver.
  public init(
    id: SubscriberID, codecs: Set<PayloadCodec>, sink: any FrameSink, tier: Tier = .whole, former: Tier? = nil,
    bitRate: Int? = nil
  ) {
    self.id = id
    self.codecs = codecs
    self.sink = sink
    self.tier = tier
    self.former = former
    self.bitRate = bitRate
  }
}
