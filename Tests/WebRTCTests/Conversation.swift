import NIOCore
import RTP
import Testing

@testable import TestPeer
@testable import WebRTC

/// Gateway and peer on a network without delay; time moves only when told.
final class Conversation {
  static let random = SeededRandom(42)

  let certificate: DTLSCertificate
  let peer: TestPeer
  let connection: PeerConnection
  let arena = DatagramArena()
  var negotiation: Negotiation
  var now = NIODeadline.uptimeNanoseconds(1_000_000_000_000)
  var events: [PeerConnectionEvent] = []
  /// Everything the gateway sent, by destination.
  var sent: [(SocketAddress, ByteBuffer)] = []

  let start: NIODeadline

  static let tracks = [
    "0": OutgoingTrack(streamID: "alice", trackID: "alice-voice", cname: "alice"),
    "1": OutgoingTrack(streamID: "alice", trackID: "alice-picture", cname: "alice"),
  ]

  init(fingerprints: [Fingerprint]? = nil, isModern: Bool = false) throws {
    var random = Self.random
    self.start = self.now
    self.certificate = try DTLSCertificate(using: &random)
    self.peer = try TestPeer(gateway: self.certificate.fingerprint, at: self.now)
    self.negotiation = Negotiation(
      fingerprint: self.certificate.fingerprint, candidates: [.host(address: "192.0.2.1", port: 8000)], random: random)
    self.peer.isModern = isModern
    var offer = self.peer.offer()
    if let fingerprints {
      offer.attributes.removeAll { if case .fingerprint = $0 { true } else { false } }
      offer.attributes += fingerprints.map(SDPAttribute.fingerprint)
    }
    _ = try self.negotiation.answer(offer: offer, sending: Self.tracks)
    let plan = try #require(self.negotiation.plan)
    self.connection = try PeerConnection(
      plan: plan, certificate: self.certificate,
      clock: NTPClock(NTPTime(unixMicroseconds: 1_700_000_000_000_000), at: self.now), at: self.now)
  }

  var plan: SessionPlan {
    get throws { try #require(self.negotiation.plan) }
  }

  /// Hands a datagram of the peer to the gateway and everything it answers to the peer, until both are silent.
  func deliver(_ datagram: ByteBuffer, from source: SocketAddress? = nil) throws {
    var datagram = datagram
    self.connection.receive(&datagram, from: source ?? self.peer.address, at: self.now, into: self.arena)
    try self.exchange()
  }

  func exchange() throws {
    repeat {
      for entry in self.arena.entries {
        let datagram = self.arena.withUnsafeBytes(of: entry) { ByteBuffer(bytes: $0) }
        self.sent.append((self.arena.destinations[entry.destination], datagram))
        try self.peer.receive(datagram, at: self.now)
      }
      self.arena.removeAll()
      for var datagram in self.peer.takeOutgoing() {
        self.connection.receive(&datagram, from: self.peer.address, at: self.now, into: self.arena)
      }
    } while !self.arena.isEmpty
    while let event = self.connection.next() { self.events.append(event) }
  }

  func check(nominate: Bool = true) throws {
    try self.deliver(self.peer.check(plan: try self.plan, nominate: nominate))
  }

  func connect() throws {
    try self.check()
    self.peer.startDTLS(at: self.now)
    try self.exchange()
  }

  /// Moves time on in steps to each deadline of either side.
  func advance(_ amount: TimeAmount) throws {
    let end = self.now + amount
    while true {
      let next = [self.connection.deadline, self.peer.dtls.deadline].compactMap { $0 }.min() ?? end
      self.now = max(self.now, min(next, end))
      self.connection.elapsed(at: self.now, into: self.arena)
      self.peer.elapsed(at: self.now)
      try self.exchange()
      if self.now >= end { return }
    }
  }

  func send(_ frame: PacketizedFrame, section: Int, mediaTime: Int64? = nil) throws {
    self.connection.send(frame, section: section, mediaTime: mediaTime, at: self.now, into: self.arena)
    try self.exchange()
  }

  static func picture(_ mediaTime: Int64, packets: Int = 3, codec: PayloadCodec = .vp8) throws -> PacketizedFrame {
    try PacketizedFrame(
      codec: codec, mediaTime: mediaTime, isKeyFrame: true, markedPacket: packets - 1,
      payloads: (0..<packets).map { ByteBuffer(repeating: UInt8($0), count: $0 == packets - 1 ? 300 : 1160) })
  }

  static func loudSound(_ mediaTime: Int64, _ level: AudioLevel) throws -> PacketizedFrame {
    var packetizer = OpusPacketizer()
    return try packetizer.packetize(ByteBuffer(repeating: 0xFC, count: 80), mediaTime: mediaTime, level: level)
  }

  static func sound(_ mediaTime: Int64) throws -> PacketizedFrame {
    try PacketizedFrame(
      codec: .opus, mediaTime: mediaTime, isKeyFrame: true, markedPacket: nil,
      payloads: [ByteBuffer(repeating: 0xFC, count: 80)])
  }
}
