import FLV
import NIOCore
import RTMP

/// The streams of a recorded session as FLV files, message for message as they came. They are written piece by piece.
public struct StreamExtraction: Sendable {
  /// One stream.
  public struct Stream: Sendable {
    /// `client` or `server`.
    public let side: String
    /// The message stream.
    public let streamID: UInt32
    fileprivate var hasAudio = false
    fileprivate var hasVideo = false
  }

  private let session: RecordedSession
  private let writer = FLVWriter()
  /// In the order of their first message.
  public private(set) var streams: [Stream] = []

  /// Goes through a session and finds its streams.
  /// - Throws: ``FLVError`` for a message that no FLV tag can hold.
  public init(_ session: RecordedSession) throws(FLVError) {
    self.session = session
    var scratch = ByteBuffer()
    var trace = SessionTrace(session)
    while let entry = trace.next() {
      guard case .media(let message) = entry.message.content else { continue }
      let known = index(of: message, from: entry.side)
      guard let index = known ?? add(message, from: entry.side) else { continue }
      if message.kind == .audio { streams[index].hasAudio = true } else { streams[index].hasVideo = true }
      scratch.clear()
      try writer.write(Self.tag(of: message), into: &scratch)
    }
  }

  /// Goes through the session once more and hands out the files' bytes, piece by piece, each with the place of its stream
  /// in ``streams``.
  /// - Throws: ``FLVError``, or what `body` throws.
  public func write(_ body: (_ stream: Int, _ bytes: ByteBuffer) throws -> Void) throws {
    for (index, stream) in streams.enumerated() {
      var header = ByteBuffer()
      writer.writeHeader(hasAudio: stream.hasAudio, hasVideo: stream.hasVideo, into: &header)
      try body(index, header)
    }
    var bytes = ByteBuffer()
    var trace = SessionTrace(session)
    while let entry = trace.next() {
      guard case .media(let message) = entry.message.content, let index = index(of: message, from: entry.side) else {
        continue
      }
      bytes.clear()
      try writer.write(Self.tag(of: message), into: &bytes)
      try body(index, bytes)
    }
  }

  private func index(of message: MediaMessage, from side: SessionTrace.Side) -> Int? {
    streams.firstIndex { $0.side == side.rawValue && $0.streamID == message.streamID }
  }

  private mutating func add(_ message: MediaMessage, from side: SessionTrace.Side) -> Int? {
    guard streams.count < Self.mostStreams else { return nil }
    streams.append(Stream(side: side.rawValue, streamID: message.streamID))
    return streams.count - 1
  }

  private static func tag(of message: MediaMessage) -> FLVTag {
    FLVTag(
      type: message.kind == .audio ? .audio : .video,
      timestamp: UInt32(truncatingIfNeeded: message.timestamp), body: message.body)
  }

  /// Stream ids come from outside; no client has so many.
  private static let mostStreams = 64
}
