/// A transcoder of a lane, wherever it runs: on the lane's own thread, or in its worker's process.
///
/// Not `Sendable`: it belongs to the worker that made it, and answers come on that worker's thread. Dropping it frees
/// the codecs.
public final class LaneTranscoder {
  private enum Place {
    /// Made by the first command.
    case nowhere
    case here(Transcoder)
    case process(TranscoderID)
    case failed(MediaError)
    case lost
  }

  private let settings: TranscoderSettings
  private let link: WorkerLink?
  private let whenLost: (Bool) -> Void
  private var place = Place.nowhere

  /// - `link`: the process to run in; nil runs on the calling thread.
  init(_ settings: TranscoderSettings, link: WorkerLink?, whenLost: @escaping (Bool) -> Void) {
    self.settings = settings
    self.link = link
    self.whenLost = whenLost
  }

  deinit {
    if case .process(let id) = self.place { self.link?.close(id) }
  }

  /// Carries out a command; `answer` is called for each frame, and a last time with `done` or `failed`.
  ///
  /// Commands are carried out in order. Their answers may come before this returns, or later; they do not come when the
  /// transcoder is dropped or lost before.
  public func run(_ command: TranscoderCommand, answer: @escaping (TranscoderAnswer) -> Void) {
    do throws(MediaError) {
      if case .nowhere = self.place { try self.open() }
      switch self.place {
      case .here(let transcoder):
        try transcoder.run(command) { answer(.frame($0)) }
        answer(.done)
      case .process(let id): self.link?.run(command, in: id, as: self.settings, answer: answer)
      case .failed(let error): throw error
      case .nowhere, .lost: break
      }
    } catch {
      self.place = .failed(error)
      answer(.failed(error))
    }
  }

  /// The link's word that no command will be carried out any more.
  func fail(_ error: MediaError) { self.place = .failed(error) }

  /// The link's word that the process is gone.
  func lost(wasAtWork: Bool) {
    self.place = .lost
    self.whenLost(wasAtWork)
  }

  private func open() throws(MediaError) {
    if let link = self.link {
      self.place = .process(try link.open(self.settings, for: self))
    } else {
      self.place = .here(try Transcoder(self.settings))
    }
  }
}
