import AMF
import NIOCore
import Testing

@testable import RTMP
import Seeded

/// A server session that says yes to everything, and the log of what it told its owner.
struct ObligingServer {
  var session: ServerSession
  var events: [ServerSessionEvent] = []
  var now = NIODeadline.uptimeNanoseconds(0)
  var refusesConnect = false
  var refusesPublish = false

  init(limits: RTMPLimits = .init(), allowsEncryption: Bool = false, seed: UInt64 = 1) {
    var random = SeededGenerator(seed: seed)
    session = ServerSession(limits: limits, allowsEncryption: allowsEncryption, random: &random, now: now)
  }

  mutating func receive(_ bytes: some Sequence<UInt8>) throws {
    var buffer = ByteBuffer(bytes: bytes)
    try session.receive(&buffer, at: now)
    #expect(buffer.readableBytes == 0)
    drain()
  }

  /// In pieces of `split` bytes.
  mutating func receive(_ bytes: [UInt8], split: Int) throws {
    for start in stride(from: 0, to: bytes.count, by: split) {
      try receive(bytes[start..<min(start + split, bytes.count)])
    }
  }

  mutating func drain() {
    while let event = session.next() {
      events.append(event)
      switch event {
      case .connect:
        if refusesConnect { session.rejectConnect(description: "no") } else { session.acceptConnect() }
      case .publish(let request):
        if refusesPublish {
          session.rejectPublish(streamID: request.streamID, description: "taken")
        } else {
          session.acceptPublish(streamID: request.streamID)
        }
      case .play(let request):
        session.acceptPlay(streamID: request.streamID)
      case .media, .publishEnded, .playEnded, .metadata:
        break
      }
    }
  }

  /// The bytes of the answers so far.
  mutating func output() -> [UInt8] {
    session.output().map { Array($0.readableBytesView) } ?? []
  }

  var media: [MediaMessage] {
    events.compactMap { if case .media(let message) = $0 { message } else { nil } }
  }

  var connectRequest: ConnectRequest? {
    events.lazy.compactMap { if case .connect(let request) = $0 { request } else { nil } }.first
  }

  var publishRequests: [PublishRequest] {
    events.compactMap { if case .publish(let request) = $0 { request } else { nil } }
  }

  var endedPublications: [String] {
    events.compactMap { if case .publishEnded(_, let name) = $0 { name } else { nil } }
  }
}

/// A client and a server session joined by memory, each direction cut in pieces of one size.
struct Conversation {
  var client: ClientSession
  var server: ObligingServer
  var clientEvents: [ClientSessionEvent] = []
  /// All the client sent.
  var sent: [UInt8] = []
  let split: Int

  init(
    handshake: ClientSession.HandshakeKind = .plain, chunkSize: UInt32 = 4096, split: Int = .max,
    limits: RTMPLimits = .init(), connect: ConnectParameters? = nil
  ) {
    var random = SeededGenerator(seed: 2)
    let usual = ConnectParameters(app: "live/demo", tcUrl: "rtmp://localhost/live/demo")
    client = ClientSession(
      connect: connect ?? usual, handshake: handshake, chunkSize: chunkSize, random: &random,
      now: .uptimeNanoseconds(0))
    server = ObligingServer(limits: limits, allowsEncryption: handshake.encryption != nil)
    self.split = split
  }

  /// Carries bytes to and fro until both have nothing to say.
  mutating func exchange() throws {
    var isBusy = true
    while isBusy {
      isBusy = false
      if let bytes = client.output() {
        isBusy = true
        let bytes = Array(bytes.readableBytesView)
        sent += bytes
        try server.receive(bytes, split: min(split, max(1, bytes.count)))
      }
      if var bytes = server.session.output() {
        isBusy = true
        while var piece = bytes.readSlice(length: min(split, bytes.readableBytes)), piece.readableBytes > 0 {
          try client.receive(&piece, at: server.now)
        }
      }
      while let event = client.next() { clientEvents.append(event) }
    }
  }

  /// Connects, creates stream 1 and publishes on it.
  mutating func publish(_ name: String = "alice") throws {
    try exchange()
    try client.createStream()
    try exchange()
    try client.publish(name, streamID: 1)
    try exchange()
  }

  var statuses: [Status] {
    clientEvents.compactMap { if case .status(_, let status) = $0 { status } else { nil } }
  }
}
