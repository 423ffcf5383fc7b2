import NIOCore

/// Says a recorded client's lines to a new server: what is sent when, and what must be made anew. Sans-IO.
///
///     idle -> greeting -> awaitingServer -> confirming -> following -> done
///
/// All bytes are the recorded ones, at the recorded times, but for C2: a client that echoed the S1 it got then echoes
/// the S1 it gets now. A client that signed its C2 for the recorded S1 sends the recorded one; servers that check it
/// will not like that.
///
/// After the handshake nothing waits for the server. One that answers later than the recorded server did gets commands
/// before it has answered those before, in pipelined form, which the protocol allows; ids of streams and transactions
/// are the recorded ones.
struct ReplayScript {
  private enum Stage {
    /// There is no connection yet.
    case idle
    /// C0 and C1 are to be sent.
    case greeting
    /// S0, S1 and S2 are awaited.
    case awaitingServer
    /// C2 is to be sent.
    case confirming
    /// The recorded bytes follow, from this segment on; of that one, `skip` bytes are sent already.
    case following(segment: Int, skip: Int)
    case done
  }

  /// C1, C2, S1 and S2 (spec 5.2.3, 5.2.4).
  private static let partSize = 1536

  private let session: RecordedSession
  /// C0, C1 and C2.
  private let greeting: ByteBuffer
  private var stage = Stage.idle
  private var began = NIODeadline.distantFuture
  /// S0, S1 and S2, as far as they have come.
  private var answer = ByteBuffer()

  init(_ session: RecordedSession) {
    self.session = session
    var greeting = ByteBuffer()
    for segment in session.segments where greeting.readableBytes < RecordedSession.shortest {
      greeting.writeImmutableBuffer(segment.bytes)
    }
    self.greeting = greeting
  }

  /// The connection stands: recorded times count from now.
  mutating func begin(at now: NIODeadline) {
    guard case .idle = stage else { return }
    began = now
    stage = .greeting
  }

  /// When the next bytes are due; nil when the server must speak first, or all is said.
  var deadline: NIODeadline? {
    switch stage {
    case .greeting, .confirming: began
    case .idle, .awaitingServer, .done: nil
    case .following(let segment, _): began + .microseconds(session.segments[segment].time)
    }
  }

  var isDone: Bool { if case .done = stage { true } else { false } }

  /// Bytes of the server. Only the handshake matters; the rest is read and forgotten.
  mutating func receive(_ bytes: ByteBuffer) {
    guard case .awaitingServer = stage else { return }
    answer.writeImmutableBuffer(bytes)
    if answer.readableBytes >= RecordedSession.shortest { stage = .confirming }
  }

  /// The bytes that are due, if any.
  mutating func output(at now: NIODeadline) -> ByteBuffer? {
    guard let deadline, deadline <= now else { return nil }
    switch stage {
    case .greeting:
      stage = .awaitingServer
      return greeting.getSlice(at: 0, length: 1 + Self.partSize)
    case .confirming:
      stage = following(after: RecordedSession.shortest)
      return confirmation()
    case .following(let index, let skip):
      var bytes = session.segments[index].bytes
      bytes.moveReaderIndex(forwardBy: skip)
      stage = index + 1 < session.segments.count ? .following(segment: index + 1, skip: 0) : .done
      return bytes
    case .idle, .awaitingServer, .done: return nil
    }
  }

  private func confirmation() -> ByteBuffer? {
    let recordedC2 = greeting.getSlice(at: 1 + Self.partSize, length: Self.partSize)
    let recordedS1 = session.serverHello.getSlice(at: 1, length: Self.partSize)
    // Some clients write their own time into the echo's second word: the random part tells.
    let echoed = recordedC2?.getSlice(at: 8, length: 1528) == recordedS1?.getSlice(at: 8, length: 1528)
    return echoed ? answer.getSlice(at: 1, length: Self.partSize) : recordedC2
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
