import NIOCore

/// What one side of a session sent: its measures, and where its segments are to be had. Those of a plain RTMP connection
/// stay in the capture and are read from it as they are played, so that a session takes no memory for its length.
struct RecordedDirection: Sendable {
  private enum Supply: Sendable {
    case kept([RecordedSession.Segment])
    /// In the capture from that packet on.
    case captured(CaptureReader, TCPSegment.Flow)
  }

  private let supply: Supply
  /// Microseconds since the epoch at the session's begin.
  private let begin: Int64
  /// The first bytes, as many as a handshake has.
  let head: ByteBuffer
  let segmentCount: Int
  let byteCount: Int
  /// The first segment and the last one, without their bytes.
  let first: RecordedSession.Segment?
  let last: RecordedSession.Segment?

  /// - Parameters:
  ///   - begin: of the session, in microseconds since the epoch.
  ///   - origin: where the connection begins in its capture.
  ///   - flow: the direction.
  /// - Throws: ``ReplayError/impossibleDuration(microseconds:)``.
  init(
    _ stream: TCPStream, from begin: Int64, in origin: CaptureReader?, _ flow: TCPSegment.Flow?
  ) throws(ReplayError) {
    self.begin = begin
    head = stream.head
    segmentCount = stream.partCount
    byteCount = stream.byteCount
    if !stream.keepsParts, let origin, let flow {
      supply = .captured(origin, flow)
    } else {
      var clock = SessionClock(begin: begin)
      supply = .kept(stream.parts.map { clock.segment($0) })
    }
    first = stream.first.map {
      var clock = SessionClock(begin: begin)
      return clock.segment($0)
    }
    last = stream.last.map {
      RecordedSession.Segment(
        time: max(0, stream.latest - begin), packet: $0.packet, bytes: ByteBuffer(), offset: $0.offset)
    }
    guard let last, last.time > RecordedSession.longest else { return }
    for segment in segments() where segment.time > RecordedSession.longest {
      throw .impossibleDuration(microseconds: segment.time)
    }
  }

  /// From segments that are in order already.
  init(_ segments: [RecordedSession.Segment]) {
    supply = .kept(segments)
    begin = 0
    var head = ByteBuffer()
    for segment in segments where head.readableBytes < RecordedSession.shortest {
      head.writeImmutableBuffer(segment.bytes)
    }
    self.head = head.getSlice(at: 0, length: min(RecordedSession.shortest, head.readableBytes)) ?? head
    segmentCount = segments.count
    byteCount = segments.reduce(0) { $0 + $1.bytes.readableBytes }
    first = segments.first
    last = segments.last
  }

  /// Reads the segments from the first one on.
  func segments() -> SegmentReader {
    switch supply {
    case .kept(let segments): SegmentReader(segments)
    case .captured(let reader, let flow): SegmentReader(reader, flow, count: segmentCount, begin: begin)
    }
  }
}

/// The segments of one direction, one after the other; at hand are those of one packet.
///
/// A capture was read once to its end before, so that what is in it is known. One that has been cut or damaged since then
/// gives fewer segments.
struct SegmentReader: Sequence, IteratorProtocol {
  private struct Capture {
    var reader: CaptureReader
    var connection: TCPConnections.Connection
    let flow: TCPSegment.Flow
    /// Segments that are still to come from the capture.
    var missing: Int
  }

  private var waiting: CircularBuffer<RecordedSession.Segment>
  private var capture: Capture?
  private var clock: SessionClock

  fileprivate init(_ segments: [RecordedSession.Segment]) {
    waiting = CircularBuffer(segments)
    clock = SessionClock(begin: 0)
  }

  fileprivate init(_ reader: CaptureReader, _ flow: TCPSegment.Flow, count: Int, begin: Int64) {
    waiting = []
    clock = SessionClock(begin: begin)
    capture = Capture(
      reader: reader, connection: TCPConnections.Connection(from: nil), flow: flow, missing: count)
  }

  /// The next segment; nil behind the last one.
  mutating func next() -> RecordedSession.Segment? {
    while waiting.isEmpty, capture != nil { read() }
    return waiting.popFirst()
  }

  /// Reads one packet.
  private mutating func read() {
    guard var present = capture.take(), present.missing > 0, let packet = try? present.reader.next() else { return }
    defer { capture = present }
    guard case .ip(let ip) = packet.link.content(of: packet.bytes), let segment = TCPSegment(ip: ip),
      segment.flow == present.flow || segment.flow == present.flow.reversed
    else { return }
    present.connection.append(segment, of: packet)
    for part in present.connection.takeParts(of: present.flow).prefix(present.missing) {
      present.missing -= 1
      waiting.append(clock.segment(part))
    }
  }
}

/// Makes of times of day those of a session, which never go back.
private struct SessionClock {
  let begin: Int64
  private var latest: Int64 = 0

  init(begin: Int64) { self.begin = begin }

  mutating func segment(_ part: TCPStream.Part) -> RecordedSession.Segment {
    latest = max(latest, part.time - begin)
    return RecordedSession.Segment(time: latest, packet: part.packet, bytes: part.bytes, offset: part.offset)
  }
}
