import Media
import NIOCore
import RTP

/// A track in another codec than it came in: decoder, encoder and packetiser on one media worker, from the first
/// receiver that needs it to the last.
///
/// Calls return at once; the work is done in their order.
protocol TranscodedRendition: AnyObject, Sendable {
  /// The event loops that have receivers of this rendition, and the payload that the source passes through by now.
  func setSinks(_ sinks: [any FrameSink], untouched: PayloadCodec?)

  /// Begins: runs through the group of pictures so far and shows where it stands.
  ///
  /// - Parameter age: for how long the newest of them has stood by now, zero while more are about to come.
  func start(_ group: [EncodedFrame], age: TimeAmount, at now: NIODeadline)

  /// The next live frame. Returns false when the worker does not keep up and the frame was not taken.
  func push(_ frame: EncodedFrame, receivedAt: NIODeadline) -> Bool

  /// A receiver cannot go on without a key frame. `age` as for `start`.
  func requestKeyFrame(age: TimeAmount, at now: NIODeadline)

  /// The newest picture has stood for that long and is shown again; codecs that were lost or failed meanwhile are tried
  /// again, if it is time.
  func repeatPicture(age: TimeAmount, at now: NIODeadline)

  /// Aims at another bit rate (bit/s) from the next picture on, without a key frame; nil follows the picture's size.
  /// Sound has one rate.
  func setTargetBitRate(_ bitRate: Int?)

  /// The source ends here: what the codecs hold back still goes to the receivers, and then the rendition stops.
  ///
  /// - Parameter then: called once, on any thread, perhaps before this returns, when nothing comes any more; for sound with
  ///   the media time (microseconds) at which what came out ends.
  func finish(at now: NIODeadline, then: @escaping @Sendable (Int64?) -> Void)

  /// Nobody wants it any more, not even what the codecs hold back.
  func stop()
}
