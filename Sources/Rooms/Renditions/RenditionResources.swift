import Media
import Metrics
import NIOCore
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
  /// How long a picture stands until it is shown again; see `StandingPicture`.
  let standingPatience: TimeAmount
  /// How long what follows waits until the codecs of what ended have given out what they held back.
  let endingPatience: TimeAmount

  /// Puts the resources together.
  public init(
    workers: MediaWorkers, droppedFrames: Counter, codecFailures: Counter, maximumPayload: Int = 1160,
    standingPatience: TimeAmount = .milliseconds(250), endingPatience: TimeAmount = .milliseconds(400)
  ) {
    self.workers = workers
    self.droppedFrames = droppedFrames
    self.codecFailures = codecFailures
    self.maximumPayload = maximumPayload
    self.standingPatience = standingPatience
    self.endingPatience = endingPatience
  }

  /// Begins a rendition; nil for one that needs no codec, or that is none of its source.
  ///
  /// - `whenLost`: called on a worker when the rendition lost its codecs and must be started again.
  /// - `whenRefused`: called on a worker when the source is one that its decoder does not take.
  func begin(
    _ rendition: Rendition, of track: TrackID, source: SourceFormat, whenLost: @escaping @Sendable () -> Void,
    whenRefused: @escaping @Sendable () -> Void
  ) -> (any TranscodedRendition)? {
    let outlet = RenditionOutlet(of: track, as: rendition)
    switch (source, rendition) {
    case (.audio(let format), .sound(let target)):
      return SoundRendition(from: format, to: target, outlet: outlet, resources: self, whenRefused: whenRefused)
    case (.video(let format, _), .picture(let target)):
      return PictureRendition(
        from: format, to: target, outlet: outlet, resources: self, whenLost: whenLost, whenRefused: whenRefused)
    default: return nil
    }
  }
}
