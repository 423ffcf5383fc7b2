import Media
import NIOCore

/// A track in another codec than it came in: decoder, encoder and packetiser on one media worker, from the first
/// receiver that needs it to the last.
///
/// Calls return at once; the work is done in their order.
protocol TranscodedRendition: AnyObject, Sendable {
  /// The event loops that have receivers of this rendition.
  func setSinks(_ sinks: [any FrameSink])

  /// Begins: runs through the group of pictures so far and shows where it stands.
  func start(_ group: [EncodedFrame])

  /// The next live frame. Returns false when the worker does not keep up and the frame was not taken.
  func push(_ frame: EncodedFrame, receivedAt: NIODeadline) -> Bool

  /// A receiver cannot go on without a key frame.
  func requestKeyFrame()

  /// Nobody wants it any more.
  func stop()
}

/// How long a failed codec rests before it is tried again, in the track's own media time.
struct CodecBackoff {
  private var wait: Int64 = 1_000_000
  private var resumeAt: Int64?

  private static let longest: Int64 = 30_000_000

  /// Whether a codec may be opened at this media time (microseconds).
  func allows(_ time: Int64) -> Bool {
    guard let resumeAt else { return true }
    return time >= resumeAt
  }

  mutating func failed(at time: Int64) {
    resumeAt = time + wait
    wait = min(wait * 2, Self.longest)
  }

  mutating func succeeded() {
    resumeAt = nil
    wait = 1_000_000
  }
}
