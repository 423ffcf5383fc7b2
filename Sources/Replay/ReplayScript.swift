import NIOCore
import RTMP

/// Says a recorded client's lines to a new server: what is sent when, and what must be made anew. Sans-IO.
///
///     idle -> greeting -> awaitingServer -> confirming -> following -> done
///
/// All bytes are the recorded ones, at the recorded times, but for C2: a client that echoed the S1 it got then echoes
/// the S1 it gets now, and one that signed its C2 for the recorded S1 signs it for the new one.
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
    case following(RecordedSession.Segment, skip: Int)
    case done
  }

  /// C1, C2, S1 and S2 (spec 5.2.3, 5.2.4).
  private static let partSize = 1536

  private let session: RecordedSession
  private let pace: ReplayPace
  /// What is still to be said; nil before the handshake, and when all is said.
  private var segments: SegmentReader?
  private var stage = Stage.idle
  private var began = NIODeadline.distantFuture
  /// S0, S1 and S2, as far as they have come.
  private var answer = ByteBuffer()

  init(_ session: RecordedSession, pace: ReplayPace = .recorded) {
    self.session = session
    self.pace = pace
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
    case .following(let segment, _):
      began + .nanoseconds(pace.nanoseconds(ofMicroseconds: segment.time))
    }
  }

  var isDone: Bool { if case .done = stage { true } else { false } }

  /// Nothing more is said: the connection is gone.
  mutating func end() {
    stage = .done
    segments = nil
  }

  /// Where what ``output(at:)`` gave last stands in the capture: its packet.
  private(set) var packet = 0
  /// And its recorded time in milliseconds since the session's first byte.
  private(set) var milliseconds: Int64 = 0

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
      if let first = session.said.first { note(first) }
      return session.said.head.getSlice(at: 0, length: 1 + Self.partSize)
    case .confirming:
      follow(after: RecordedSession.shortest)
      return confirmation()
    case .following(let segment, let skip):
      note(segment)
      var bytes = segment.bytes
      bytes.moveReaderIndex(forwardBy: skip)
      goOn()
      return bytes
    case .idle, .awaitingServer, .done: return nil
    }
  }

  private func confirmation() -> ByteBuffer? {
    guard let recorded = session.said.head.getSlice(at: 1 + Self.partSize, length: Self.partSize) else { return nil }
    guard let recordedHello = session.serverHello.getSlice(at: 1, length: Self.partSize),
      let hello = answer.getSlice(at: 1, length: Self.partSize)
    else { return recorded }
    return RecordedAnswer.renewed(recorded, for: recordedHello, to: hello)
  }

  private mutating func note(_ segment: RecordedSession.Segment) {
    packet = segment.packet
    milliseconds = segment.time / 1000
  }

  private mutating func goOn() {
    guard let next = segments?.next() else { return end() }
    stage = .following(next, skip: 0)
  }

  /// Goes on where the recording does after so many bytes, and notes where they ended.
  private mutating func follow(after count: Int) {
    segments = session.said.segments()
    var skip = count
    var last: RecordedSession.Segment?
    while let segment = segments?.next() {
      guard skip >= segment.bytes.readableBytes else {
        stage = .following(segment, skip: skip)
        return note(skip > 0 ? segment : last ?? segment)
      }
      skip -= segment.bytes.readableBytes
      last = segment
    }
    end()
  }
}
