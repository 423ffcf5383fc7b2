import AMF
import FLV
import NIOCore
import RTMP

/// An FLV file as the session of a client that publishes it: connect, createStream, publish, then the tags at their
/// times, counted from the first one's.
///
/// The client and the server that answers it are those of this package, so that the bytes are those of a real
/// conversation; their random bytes are none, so that the same file gives the same bytes.
struct FLVRecording {
  private struct Tag {
    let tag: FLVTag
    let offset: Int
  }

  /// What the file's header begins with.
  private static let signature = "FLV"
  /// Where such a client connects to: the room that every example configuration opens.
  static let application = "live/demo"

  private let name: String
  private let tags: [Tag]
  /// What was wrong with the file.
  let damage: FLVReader.Damage

  var tagCount: Int { tags.count }
  var lastOffset: Int { tags.last?.offset ?? 0 }

  /// Whether a file that begins so is of this format.
  static func begins(with bytes: ByteBuffer) -> Bool {
    bytes.getString(at: bytes.readerIndex, length: signature.utf8.count) == signature
  }

  /// Nil when the file is none of this format.
  init?(_ file: ByteBuffer, name: String) {
    guard Self.begins(with: file) else { return nil }
    self.name = name
    var reader = FLVReader()
    var file = file
    var tags: [Tag] = []
    reader.receive(&file)
    reader.finish()
    while let tag = reader.next() {
      tags.append(Tag(tag: tag, offset: reader.position - tag.body.readableBytes - Self.tagHeaderLength))
    }
    self.tags = tags
    damage = reader.damage
  }

  /// - Throws: ``ReplayError/notACapture(offset:_:)`` when there is no tag in the file, and what makes a session
  ///   impossible.
  func session() throws(ReplayError) -> RecordedSession {
    guard let first = tags.first else { throw .notACapture(offset: 9, "an FLV file without a tag") }
    let times = try times(from: Int64(first.tag.timestamp))
    do throws(RTMPError) {
      var talk = try Talk(publishing: name, offset: first.offset)
      for (index, entry) in tags.enumerated() {
        try talk.send(Self.message(of: entry.tag), at: times[index], packet: index + 1, offset: entry.offset)
      }
      try talk.leave(name)
      return RecordedSession(segments: talk.client, serverSegments: talk.server, transport: .file)
    } catch {
      throw .unreadable("an FLV file that makes no session: \(error)")
    }
  }

  /// When each tag is sent, in microseconds. A time that steps back does so in the media; the clock stands.
  private func times(from first: Int64) throws(ReplayError) -> [Int64] {
    var times: [Int64] = []
    for entry in tags {
      let time = max(times.last ?? 0, (Int64(entry.tag.timestamp) - first) * 1000)
      guard time <= RecordedSession.longest else { throw .impossibleDuration(microseconds: time) }
      times.append(time)
    }
    return times
  }

  private static func message(of tag: FLVTag) -> MediaMessage {
    let kind: MediaMessage.Kind
    var body = tag.body
    switch tag.type {
    case .audio: kind = .audio
    case .video: kind = .video
    case .scriptData:
      kind = .data
      body = keepCommand
      body.writeImmutableBuffer(tag.body)
    }
    return MediaMessage(kind: kind, streamID: Talk.streamID, timestamp: Int64(tag.timestamp), body: body)
  }

  /// What encoders put before metadata, so that the server keeps it: a string of AMF0.
  private static let keepCommand: ByteBuffer = {
    let text = "@setDataFrame"
    var bytes = ByteBuffer()
    bytes.writeInteger(2 as UInt8)
    bytes.writeInteger(UInt16(text.utf8.count))
    bytes.writeString(text)
    return bytes
  }()

  private static let tagHeaderLength = 11
}

extension FLVRecording {
  /// The conversation, in no time but the tags'.
  private struct Talk {
    /// What the server gives the first stream that a client creates.
    static let streamID: UInt32 = 1

    private(set) var client: [RecordedSession.Segment] = []
    private(set) var server: [RecordedSession.Segment] = []
    private var publisher: ClientSession
    private var host: ServerSession
    private var place: (time: Int64, packet: Int, offset: Int)
    private let now = NIODeadline.uptimeNanoseconds(0)

    init(publishing name: String, offset: Int) throws(RTMPError) {
      var zeros = Zeros()
      publisher = ClientSession(
        connect: ConnectParameters(
          app: FLVRecording.application, tcUrl: "rtmp://localhost/\(FLVRecording.application)"), random: &zeros,
        now: now)
      host = ServerSession(random: &zeros, now: now)
      place = (0, 1, offset)
      try exchange()
      try publisher.createStream()
      try exchange()
      try publisher.publish(name, streamID: Self.streamID)
      try exchange()
    }

    mutating func send(_ message: MediaMessage, at time: Int64, packet: Int, offset: Int) throws(RTMPError) {
      place = (time, packet, offset)
      publisher.send(message)
      try exchange()
    }

    mutating func leave(_ name: String) throws(RTMPError) {
      try publisher.unpublish(name, streamID: Self.streamID)
      try exchange()
    }

    /// Lets both say what they have to, until neither has anything.
    private mutating func exchange() throws(RTMPError) {
      while true {
        var isSilent = true
        if var bytes = publisher.output() {
          client.append(segment(bytes))
          try host.receive(&bytes, at: now)
          answer()
          isSilent = false
        }
        if var bytes = host.output() {
          server.append(segment(bytes))
          try publisher.receive(&bytes, at: now)
          while publisher.next() != nil {}
          isSilent = false
        }
        if isSilent { return }
      }
    }

    private mutating func answer() {
      while let event = host.next() {
        switch event {
        case .connect: host.acceptConnect()
        case .publish(let request): host.acceptPublish(streamID: request.streamID)
        case .play, .media, .publishEnded, .playEnded, .metadata: break
        }
      }
    }

    private func segment(_ bytes: ByteBuffer) -> RecordedSession.Segment {
      .init(time: place.time, packet: place.packet, bytes: bytes, offset: place.offset)
    }
  }

  private struct Zeros: RandomNumberGenerator {
    mutating func next() -> UInt64 { 0 }
  }
}
