/// A transcoder of a lane, wherever it runs: on the lane's own thread, or in its worker's process.
///
/// Not `Sendable`: it belongs to the worker that made it, and answers come on that worker's thread. Dropping it frees
/// the codecs.
public final class LaneTranscoder {
  private enum Place {
    /// Made with the first command.
    case notYet(TranscoderSettings)
    case here(Transcoder)
    case failed(MediaError)
  }

  private var place: Place

  init(here settings: TranscoderSettings) { self.place = .notYet(settings) }

  /// Carries out a command; `answer` is called for each frame, and a last time with `done` or `failed`.
  ///
  /// Commands are carried out in order. Their answers may come before this returns, or later.
  public func run(_ command: TranscoderCommand, answer: @escaping (TranscoderAnswer) -> Void) {
    do throws(MediaError) {
      try self.open().run(command) { answer(.frame($0)) }
      answer(.done)
    } catch {
      self.place = .failed(error)
      answer(.failed(error))
    }
  }

  private func open() throws(MediaError) -> Transcoder {
    switch self.place {
    case .notYet(let settings):
      let transcoder = try Transcoder(settings)
      self.place = .here(transcoder)
      return transcoder
    case .here(let transcoder): return transcoder
    case .failed(let error): throw error
    }
  }
}
