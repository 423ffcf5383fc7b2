/// Where a worker's transcoders run. Not `Sendable`: it belongs to its worker's thread.
public final class CodecHost {
  /// The worker's process; nil runs codecs on the worker's own thread.
  let link: WorkerLink?

  init(link: WorkerLink? = nil) { self.link = link }

  /// A transcoder for a lane of this worker.
  ///
  /// Nothing is opened before the first command. `whenLost` is called at most once, when the process that ran the
  /// transcoder is gone; commands that were not answered by then are never answered. `wasAtWork` says whether the
  /// process worked on this transcoder in that moment, which so may be the reason.
  public func transcoder(
    _ settings: TranscoderSettings, whenLost: @escaping (_ wasAtWork: Bool) -> Void
  ) -> LaneTranscoder {
    LaneTranscoder(settings, link: self.link, whenLost: whenLost)
  }
}
