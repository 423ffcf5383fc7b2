import NIOCore

/// Answers of a tunnel that its client has not read yet, in order.
///
/// A publisher built on librtmp sends its requests one after another and reads none of the answers, for hours. Nearly all
/// of them are the same few bytes, so what waits is counted rather than kept; only what differs takes memory, and that
/// is bounded.
struct UnreadAnswers {
  /// One answer of a tunnel, as far as answers differ.
  struct Answer: Equatable {
    let body: ByteBuffer
    let speaksHTTP11: Bool
  }

  private var runs = CircularBuffer<(answer: Answer, count: Int)>(initialCapacity: 0)
  private var bytes = 0

  /// Whether no more may wait: the client is not served until it reads.
  var isFull: Bool { bytes > Self.mostBytes || runs.count > Self.mostRuns }

  var isEmpty: Bool { runs.isEmpty }

  mutating func append(_ answer: Answer) {
    if let last = runs.last, last.answer == answer {
      runs[runs.index(before: runs.endIndex)].count += 1
    } else {
      runs.append((answer, 1))
      bytes += answer.body.readableBytes
    }
  }

  mutating func popFirst() -> Answer? {
    guard let first = runs.first else { return nil }
    if first.count > 1 {
      runs[runs.startIndex].count -= 1
    } else {
      runs.removeFirst()
      bytes -= first.answer.body.readableBytes
    }
    return first.answer
  }

  private static let mostBytes = 1 << 20
  private static let mostRuns = 4096
}
