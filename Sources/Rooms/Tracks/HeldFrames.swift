import Media
import NIOCore

/// Live frames that wait until the codecs of what came before have given out what they held back: a receiver takes what
/// belongs before a key frame no more once it has that.
///
/// The wait is a moment, and bounded in time and frames.
struct HeldFrames {
  private(set) var entries: [(frame: EncodedFrame, receivedAt: NIODeadline)] = []
  private let timer: Scheduled<Void>

  /// - Parameter timer: ends the wait.
  init(until timer: Scheduled<Void>) { self.timer = timer }

  /// More are not held: a worker that is so far behind is not waited for.
  var isFull: Bool { entries.count >= Self.most }

  mutating func append(_ frame: EncodedFrame, receivedAt: NIODeadline) { entries.append((frame, receivedAt)) }

  /// The wait is over.
  func end() { timer.cancel() }

  private static let most = 64
}
