/// Where a worker's transcoders run. Not `Sendable`: it belongs to its worker's thread.
public final class CodecHost {
  /// A transcoder for a lane of this worker.
  ///
  /// Nothing is opened before the first command. `whenLost` is called at most once, when the process that ran the
  /// transcoder is gone; commands that were not answered by then are never answered. `wasAtWork` says whether this
  /// transcoder had the processor in that moment, and so may be the reason.
  public func transcoder(
    _ settings: TranscoderSettings, whenLost: @escaping (_ wasAtWork: Bool) -> Void
  ) -> LaneTranscoder {
    LaneTranscoder(here: settings)
  }
}
