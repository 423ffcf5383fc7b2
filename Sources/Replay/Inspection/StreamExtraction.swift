import FLV
import NIOCore
import RTMP

/// The streams of a recorded session as FLV files, message for message as they came.
public struct StreamExtraction: Sendable {
  /// One stream.
  public struct Stream: Sendable {
    /// `client` or `server`.
    public let side: String
    /// The message stream.
    public let streamID: UInt32
    /// The whole file.
    public fileprivate(set) var file: ByteBuffer
  }

  /// In the order of their first message.
  public private(set) var streams: [Stream] = []

  /// Takes the streams out of a session.
  /// - Throws: ``FLVError`` for a message that no FLV tag can hold.
  public init(_ session: RecordedSession) throws(FLVError) {
    let media = SessionTrace(session).entries.compactMap { entry -> (SessionTrace.Side, MediaMessage)? in
      guard case .media(let message) = entry.message.content else { return nil }
      return (entry.side, message)
    }
    let writer = FLVWriter()
    for (side, message) in media {
      let known = streams.firstIndex { $0.side == side.rawValue && $0.streamID == message.streamID }
      let index = known ?? streams.count
      if known == nil {
        guard streams.count < Self.mostStreams else { continue }
        let kinds = Set(media.filter { $0.0 == side && $0.1.streamID == message.streamID }.map(\.1.kind))
        var file = ByteBuffer()
        writer.writeHeader(hasAudio: kinds.contains(.audio), hasVideo: kinds.contains(.video), into: &file)
        streams.append(Stream(side: side.rawValue, streamID: message.streamID, file: file))
      }
      try writer.write(
        FLVTag(
          type: message.kind == .audio ? .audio : .video,
          timestamp: UInt32(truncatingIfNeeded: message.timestamp), body: message.body),
        into: &streams[index].file)
    }
  }

  /// Stream ids come from outside; no client has so many.
  private static let mostStreams = 64
}
