import Media
import Metrics
import RTP

/// What renditions need from outside: codecs' threads, and where to count.
public struct RenditionResources: Sendable {
  let workers: MediaWorkers
  /// Frames that a full queue refused, and those that were skipped up to the next key frame.
  let droppedFrames: Counter
  /// Codecs that failed; each is tried again after a while.
  let codecFailures: Counter
  /// Most payload bytes of an RTP packet.
  let maximumPayload: Int

  /// Puts the resources together.
  public init(workers: MediaWorkers, droppedFrames: Counter, codecFailures: Counter, maximumPayload: Int = 1160) {
    self.workers = workers
    self.droppedFrames = droppedFrames
    self.codecFailures = codecFailures
    self.maximumPayload = maximumPayload
  }

  /// - `whenLost`: called on a worker when a rendition lost its codecs and must be started again.
  func makeRendition(
    of track: TrackID, source: SourceFormat, whenLost: @escaping @Sendable () -> Void
  ) -> (any TranscodedRendition)? {
    switch source {
    case .audio(let format): SoundRendition(of: track, from: format, resources: self)
    case .video(let format, _):
      PictureRendition(
        of: track, from: format, untouched: source.passThrough, resources: self, whenLost: whenLost)
    case .unsupported: nil
    }
  }
}
