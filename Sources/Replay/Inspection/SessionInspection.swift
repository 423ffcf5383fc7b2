import AMF
import NIOCore
import RTMP

/// What one recorded session was: who connected how, what was said, what was sent, and what of it breaks a rule.
public struct SessionInspection: Sendable {
  /// A command or its answer.
  public struct Line: Sendable {
    /// Milliseconds since the client's first byte.
    public let milliseconds: Int64
    /// The packet that made it whole.
    public let packet: Int
    /// `client` or `server`.
    public let side: String
    /// The message stream.
    public let streamID: UInt32
    /// The command's name.
    public let name: String
    /// 0 where no answer is wanted.
    public let transaction: Double
    /// Command object and arguments as text.
    public let arguments: [String]
  }

  /// Sound or pictures of one stream.
  public struct Track: Sendable {
    /// `client` or `server`.
    public let side: String
    /// The message stream.
    public let streamID: UInt32
    /// `audio` or `video`.
    public let kind: String
    /// Codecs in the order of their first frame.
    public let codecs: [String]
    /// Frames, and those of them that can be decoded alone.
    public let frames, keyFrames: Int
    /// Bytes of all frames.
    public let bytes: Int
    /// The time line, in milliseconds.
    public let first, last, largestGap: Int64
    /// Bits a second over the time line.
    public let bitRate: Int
  }

  /// How the client came: `rtmp`, `rtmpt` ...
  public let transport: RecordedSession.Transport
  /// Both ends; nil for a file.
  public let client, server: CapturedEndpoint?
  /// `plain`, `digest (scheme 0)` ...; nil where the hello is not whole.
  public let clientHandshake, serverHandshake: String?
  /// The fields of `connect` in their order, as text.
  public let connect: [(name: String, value: String)]
  /// Commands of both sides.
  public let commands: [Line]
  /// Media of both sides.
  public let tracks: [Track]
  /// What breaks a rule, each rule once.
  public let findings: [Finding]
  /// Milliseconds from the client's first byte to its last.
  public let duration: Int64
  /// Bytes that the client and the server sent.
  public let clientBytes, serverBytes: Int

  /// Inspects a session.
  public init(_ session: RecordedSession) {
    var trace = SessionTrace(session)
    var walk = InspectionWalk()
    Self.checkHandshake(of: session, by: &walk)
    while let entry = trace.next() { walk.take(entry) }
    for failure in trace.breaks { walk.take(failure) }
    walk.finish(at: session)
    transport = session.transport
    client = session.client
    server = session.server
    clientHandshake = trace.clientHandshake.map(Self.name)
    serverHandshake = trace.serverHandshake.map(Self.name)
    connect = walk.connect
    commands = walk.commands
    tracks = walk.tracks.map(Self.track)
    findings = walk.findings
    duration = session.duration / 1000
    clientBytes = session.byteCount
    serverBytes = session.answered.byteCount
  }

  /// A side without a digest repeats what the other sent; a digest's second part is signed instead. Words of time are
  /// not compared, for some write their own.
  private static func checkHandshake(of session: RecordedSession, by walk: inout InspectionWalk) {
    let part = 1536
    let (random, length) = (8, part - 8)
    let (hello, answer) = (session.said.head, session.answered.head)
    func bytes(_ buffer: ByteBuffer, _ index: Int) -> ByteBuffer? {
      buffer.getSlice(at: buffer.readerIndex + 1 + index * part + random, length: length)
    }
    guard let c1 = bytes(hello, 0), let c2 = bytes(hello, 1), let s1 = bytes(answer, 0) else { return }
    if isPlain(hello, ofClient: true), c2 != s1, let segment = session.said.first {
      walk.take(.handshakeNotEchoed, of: segment, side: .client)
    }
    guard isPlain(answer, ofClient: false), let s2 = bytes(answer, 1), let segment = session.answered.first else {
      return
    }
    if s2 != c1 { walk.take(.handshakeNotEchoed, of: segment, side: .server) }
  }

  private static func isPlain(_ hello: ByteBuffer, ofClient isClient: Bool) -> Bool {
    var observer = DirectionObserver(isClient: isClient)
    var hello = hello
    _ = try? observer.next(&hello)
    return observer.handshake == .plain
  }

  private static func name(_ handshake: DirectionObserver.Handshake) -> String {
    switch handshake {
    case .plain: "plain"
    case .digest(let scheme): "digest (scheme \(scheme))"
    }
  }

  private static func track(_ summary: TrackSummary) -> Track {
    Track(
      side: summary.side.rawValue, streamID: summary.streamID, kind: summary.name, codecs: summary.codecs,
      frames: summary.frames, keyFrames: summary.keyFrames, bytes: summary.bytes, first: summary.first ?? 0,
      last: summary.last ?? 0, largestGap: summary.largestGap, bitRate: summary.bitRate)
  }
}
