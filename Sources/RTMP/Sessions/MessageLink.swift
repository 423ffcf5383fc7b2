import NIOCore

/// What both kinds of session have in common behind the handshake: bytes to messages and back, with everything that
/// concerns the link alone (chunk sizes, acknowledgements, pings, aborts, aggregates) done here.
struct MessageLink: Sendable {
  var reader: ChunkReader
  private(set) var writer = ChunkWriter()
  private(set) var window = AcknowledgementWindow()
  /// Bytes for the peer.
  var outgoing = ByteBuffer()
  /// What goes out is encrypted by it, once RTMPE has been agreed on.
  var cipher: RTMPECipher?
  private var aggregate: Aggregate?

  init(limits: RTMPLimits) {
    reader = ChunkReader(limits: limits)
  }

  // MARK: Incoming

  /// Counts bytes that came in, of whatever kind.
  mutating func count(_ bytes: Int) {
    window.receive(bytes)
  }

  /// The next message that is not about the link itself; nil when all bytes are taken in.
  mutating func next(_ bytes: inout ByteBuffer) throws(RTMPError) -> Message? {
    while true {
      if let part = try aggregate?.next() {
        // Anything but media in an aggregate would be a way around the checks of its kind.
        if Self.mayBeAggregated(part.type) { return part }
        continue
      }
      aggregate = nil
      guard let message = try reader.read(&bytes) else { return nil }
      switch message.type {
      case .audio, .video:
        return message
      case .aggregate:
        aggregate = Aggregate(message)
      case .userControl:
        if case .pingRequest(let time) = try UserControl(message) { send(UserControl.pingResponse(time)) }
      case .sharedObjectAMF0, .sharedObjectAMF3:
        continue  // not served; its length was bounded by the reader
      default:
        guard let control = try ProtocolControl(message) else { return message }
        try take(control)
      }
    }
  }

  /// Sends an acknowledgement when one is due. Once per read is often enough.
  mutating func acknowledge() {
    if let bytes = window.due() { send(ProtocolControl.acknowledgement(bytes)) }
  }

  private mutating func take(_ control: ProtocolControl) throws(RTMPError) {
    switch control {
    case .setChunkSize(let size): try reader.setChunkSize(size)
    case .abort(let chunkStream): reader.abort(chunkStream: chunkStream)
    case .acknowledgement(let bytes): window.peerAcknowledged(bytes)
    case .windowAcknowledgementSize(let size): window.setIncoming(size)
    case .setPeerBandwidth(let size, _): send(ProtocolControl.windowAcknowledgementSize(size))
    }
  }

  private static func mayBeAggregated(_ type: MessageType) -> Bool {
    type == .audio || type == .video || type == .dataAMF0 || type == .dataAMF3
  }

  // MARK: Outgoing

  mutating func send(_ message: Message) {
    writer.write(message, into: &outgoing)
  }

  mutating func send(_ control: ProtocolControl) {
    send(control.message)
    if case .setChunkSize(let size) = control { writer.chunkSize = Int(size) }
  }

  mutating func send(_ control: UserControl) {
    send(control.message)
  }

  mutating func send(_ command: Command, streamID: UInt32 = 0, chunkStream: Int = OutgoingChunkStream.command)
    throws(RTMPError)
  {
    send(try command.message(streamID: streamID, chunkStream: chunkStream))
  }

  mutating func send(_ media: MediaMessage) {
    let (type, chunkStream): (MessageType, Int) =
      switch media.kind {
      case .audio: (.audio, OutgoingChunkStream.audio)
      case .video: (.video, OutgoingChunkStream.video)
      case .data: (.dataAMF0, OutgoingChunkStream.data)
      }
    send(
      Message(
        type: type, streamID: media.streamID, timestamp: UInt32(truncatingIfNeeded: media.timestamp),
        chunkStream: chunkStream, body: media.body))
  }

  /// Everything queued for the peer; nil when nothing is.
  mutating func output() -> ByteBuffer? {
    guard outgoing.readableBytes > 0 else { return nil }
    var bytes = outgoing
    outgoing = ByteBuffer()
    cipher?.encrypt(&bytes)
    return bytes
  }
}
