import AMF
import NIOCore

/// What a forwarded `connect` says instead of the client's own words, for a server that knows the application by another
/// name than the client does.
public struct ForwardedAddress: Sendable, Hashable {
  /// The application, `live` or `live/instance`.
  public var app: String
  /// The address up to the application, `rtmp://old-server/live`.
  public var url: String

  /// An address from its parts.
  public init(app: String, url: String) {
    self.app = app
    self.url = url
  }

  /// Puts the address into the `connect` among a client's first bytes; all else stays as it is, also the query of
  /// `tcUrl`, where clients put what lets them in.
  ///
  /// - Throws: ``RTMPError/unforwardableConnect`` when other messages are under way around it.
  func rewrite(_ opening: ByteBuffer, limits: RTMPLimits) throws(RTMPError) -> ByteBuffer {
    var reader = ChunkReader(limits: limits)
    var rest = opening
    var result = ByteBuffer()
    while true {
      let start = rest.readerIndex
      guard reader.partialBytes == 0, let message = try reader.read(&rest) else { throw .unforwardableConnect }
      let isAlone = reader.partialBytes == 0
      if let command = try Command(message), command.name == "connect" {
        guard isAlone, let object = command.object.objectValue else { throw .unforwardableConnect }
        var writer = ChunkWriter()
        writer.chunkSize = reader.chunkSize
        writer.write(try rewritten(message, command, object), into: &result)
        result.writeImmutableBuffer(rest)
        return result
      }
      if case .setChunkSize(let size) = try ProtocolControl(message) { try reader.setChunkSize(size) }
      if let bytes = opening.getSlice(at: start, length: rest.readerIndex - start) {
        result.writeImmutableBuffer(bytes)
      }
    }
  }

  private func rewritten(_ message: Message, _ command: Command, _ object: AMFObject) throws(RTMPError) -> Message {
    var object = object
    let query = Self.query(of: object["app"]?.stringValue ?? "")
    object["app"] = .string(app + query)
    object["tcUrl"] = .string(url + Self.query(of: object["tcUrl"]?.stringValue ?? ""))
    var command = command
    command.object = .object(object)
    var new = try command.message(streamID: message.streamID, chunkStream: message.chunkStream)
    new.timestamp = message.timestamp
    guard message.type == .commandAMF3 else { return new }
    new.type = .commandAMF3
    var body = ByteBuffer(bytes: [0])
    body.writeBuffer(&new.body)
    new.body = body
    return new
  }

  private static func query(of text: String) -> Substring {
    text.firstIndex(of: "?").map { text[$0...] } ?? ""
  }
}
