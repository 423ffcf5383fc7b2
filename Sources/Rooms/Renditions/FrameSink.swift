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
  ///     ``Rendition/chosen(for:kind:untouched:)`` which rendition is its own.
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

  /// Describes a receiver.
  public init(id: SubscriberID, codecs: Set<PayloadCodec>, sink: any FrameSink) {
    self.id = id
    self.codecs = codecs
    self.sink = sink
  }
}
