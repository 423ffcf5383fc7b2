import NIOCore

/// Says a recorded client's lines to a new server: what is sent when, and what must be made anew. Sans-IO.
///
/// All bytes are the recorded ones, at the recorded times, but for C2: a client that echoed the S1 it got then echoes
/// the S1 it gets now.
struct ReplayScript {
  private enum Stage {
    /// C0 and C1 are to be sent.
    case greeting
    /// S0, S1 and S2 are awaited.
    case awaitingServer
    /// C2 is to be sent, `skip` bytes into the recording.
    case confirming
    /// The recorded bytes follow, from this segment on; the first one without `skip` bytes.
    case following(segment: Int, skip: Int)
    case done
  }

  private static let handshakeSize = 1536

  private let session: RecordedSession
  private let recorded: ByteBuffer
  private let began: NIODeadline
  private var stage = Stage.greeting
  private var answer = ByteBuffer()

  /// - Parameter began: when the first byte is sent.
  init(_ session: RecordedSession, began: NIODeadline) throws(ReplayError) {
    var beginning = ByteBuffer()
    for segment in session.segments where beginning.readableBytes < 1 + 2 * Self.handshakeSize {
      beginning.writeImmutableBuffer(segment.bytes)
    }
    guard beginning.readableBytes >= 1 + 2 * Self.handshakeSize else { throw .noSession }
    self.session = session
    self.recorded = beginning
    self.began = began
  }

  /// When the next bytes are due; nil when the server must speak first, or all is said.
  var deadline: NIODeadline? {
    switch stage {
    case .greeting, .confirming: began
    case .awaitingServer, .done: nil
    case .following(let segment, _): began + .microseconds(session.segments[segment].time)
    }
  }

  var isDone: Bool { if case .done = stage { true } else { false } }

  /// Bytes of the server. Only the handshake matters; the rest is read and forgotten.
  mutating func receive(_ bytes: ByteBuffer) {
    guard case .awaitingServer = stage else { return }
    answer.writeImmutableBuffer(bytes)
    if answer.readableBytes >= 1 + 2 * Self.handshakeSize { stage = .confirming }
  }

  /// The bytes that are due, if any.
  mutating func output(at now: NIODeadline) -> ByteBuffer? {
    guard let deadline, deadline <= now else { return nil }
    switch stage {
    case .greeting:
      stage = .awaitingServer
      return recorded.getSlice(at: 0, length: 1 + Self.handshakeSize)
    case .confirming:
      stage = following(after: 1 + 2 * Self.handshakeSize)
      return confirmation()
    case .following(let index, let skip):
      var bytes = session.segments[index].bytes
      bytes.moveReaderIndex(forwardBy: skip)
      stage = index + 1 < session.segments.count ? .following(segment: index + 1, skip: 0) : .done
      return bytes
    case .awaitingServer, .done: return nil
    }
  }

  private func confirmation() -> ByteBuffer? {
    let recordedC2 = recorded.getSlice(at: 1 + Self.handshakeSize, length: Self.handshakeSize)
    let recordedS1 = session.serverHello.getSlice(at: 1, length: Self.handshakeSize)
    // Some clients write their own time into the echo's second word: the random part tells.
    let echoed = recordedC2?.getSlice(at: 8, length: 1528) == recordedS1?.getSlice(at: 8, length: 1528)
    return echoed ? answer.getSlice(at: 1, length: Self.handshakeSize) : recordedC2
  }

  /// Where the recording goes on after so many bytes.
  private func following(after count: Int) -> Stage {
    var skip = count
    for (index, segment) in session.segments.enumerated() {
      if skip < segment.bytes.readableBytes { return .following(segment: index, skip: skip) }
      skip -= segment.bytes.readableBytes
    }
    return .done
  }
}
