import CLibSRTP
import LoadPeers
import NIOCore
import RTP
import WebRTC

/// PeerConnection.send: frames to protected packets in an arena.
final class Sending {
  let connection: PeerConnection
  let arena = DatagramArena(slots: 128)
  let frames: [PacketizedFrame]
  let packets: Int
  private let peer: ReceivingPeer
  private let now = NIODeadline.uptimeNanoseconds(1_000_000_000_000)
  private var mediaTime: Int64 = 0
  private let section = 1

  enum Failure: Error { case noIdentity, noPlan, notConnected, notSent, notArrived(Int, of: Int) }

  init(_ material: Packetising) throws {
    var random = SystemRandomNumberGenerator()
    guard let identity = ReceiverIdentity(startsSRTP: false), let peer = ReceivingPeer(identity) else {
      throw Failure.noIdentity
    }
    let certificate = try DTLSCertificate(using: &random)
    var negotiation = Negotiation(
      fingerprint: certificate.fingerprint, candidates: [.host(address: "192.0.2.1", port: 8000)], random: random)
    let answer = try negotiation.answer(
      offer: SessionDescription(parsing: peer.offer),
      sending: [
        "0": OutgoingTrack(streamID: "alice", trackID: "alice-voice", cname: "alice"),
        "1": OutgoingTrack(streamID: "alice", trackID: "alice-picture", cname: "alice"),
      ])
    guard let plan = negotiation.plan, peer.take(answer: answer.text) != nil else { throw Failure.noPlan }
    self.peer = peer
    self.connection = try PeerConnection(
      plan: plan, certificate: certificate, clock: NTPClock(NTPTime(unixMicroseconds: 0), at: self.now), at: self.now)
    var packetizer = try material.h264()
    self.frames = try material.pictures.prefix(250).compactMap { try packetizer.packetize($0, mediaTime: 0) }
    self.packets = self.frames.reduce(0) { $0 + $1.count }
    try self.connect()
    // The receiver counts roll-overs of the numbers from the first packet on.
    try self.proveThatItArrives()
    // The first packets carry more, and the history takes its memory.
    for _ in 0..<4 { try self.send() }
  }

  private func connect() throws {
    let address = try SocketAddress(ipAddress: "192.0.2.7", port: 40_000)
    for _ in 0..<20 where !self.peer.isConnected || self.connection.next() == nil {
      for var datagram in self.peer.takeOutgoing() {
        self.connection.receive(&datagram, from: address, at: self.now, into: self.arena)
      }
      self.deliver()
    }
    guard self.peer.isConnected else { throw Failure.notConnected }
  }

  private func deliver() {
    for entry in self.arena.entries {
      var copy = self.arena.withUnsafeBytes(of: entry) { Array($0) }
      copy.withUnsafeMutableBytes { self.peer.receive($0, at: 1) }
    }
    self.arena.removeAll()
  }

  /// All frames once.
  func send() throws {
    for frame in self.frames {
      self.mediaTime += 3600
      guard
        self.connection.send(frame, section: self.section, mediaTime: self.mediaTime, at: self.now, into: self.arena)
      else { throw Failure.notSent }
      self.arena.removeAll()
    }
  }

  /// Whether what was sent decrypts at the other side.
  func proveThatItArrives() throws {
    let before = self.peer.record.packets
    for frame in self.frames {
      self.mediaTime += 3600
      self.connection.send(frame, section: self.section, mediaTime: self.mediaTime, at: self.now, into: self.arena)
      self.deliver()
    }
    let arrived = self.peer.record.packets - before
    guard arrived == self.packets else { throw Failure.notArrived(arrived, of: self.packets) }
  }

  func measure(_ watch: Stopwatch) throws {
    let bare = try BareSRTP(self.frames)
    let cipher = try BareCipher(self.frames)
    let reading = try watch.read(
      { for _ in 0..<8 { try self.send() } },
      against: [
        ("bare srtp_protect", { for _ in 0..<8 { bare.protect() } }),
        ("OpenSSL's AES-128-GCM alone", { for _ in 0..<8 { cipher.seal() } }),
      ])
    Table.add("WebRTC:PeerConnection.send, AES-128-GCM", reading, count: self.packets * 8, unit: "packet")
  }
}

/// The floor: libsrtp's call on packets of the same sizes that lie ready.
final class BareSRTP {
  private let session: OpaquePointer
  private let memory: UnsafeMutableRawBufferPointer
  private let sizes: [Int]
  private var number: UInt16 = 0

  init(_ frames: [PacketizedFrame]) throws {
    guard let session = srtpSession(key: Array(0..<28)) else { throw Sending.Failure.noIdentity }
    self.session = session
    self.memory = .allocate(byteCount: 1536, alignment: 64)
    for index in self.memory.indices { self.memory[index] = UInt8(truncatingIfNeeded: index) }
    self.memory[0] = 0x80
    self.memory[1] = 102
    self.sizes = frames.flatMap { frame in (0..<frame.count).map { 12 + frame.payloadSize($0) } }
  }

  deinit {
    srtp_dealloc(self.session)
    self.memory.deallocate()
  }

  func protect() {
    for size in self.sizes {
      // Only the header is written anew: it must be plain.
      self.memory.storeBytes(of: 0x80, as: UInt8.self)
      self.memory.storeBytes(of: self.number.bigEndian, toByteOffset: 2, as: UInt16.self)
      self.number &+= 1
      var length = Int32(size)
      srtp_protect(self.session, self.memory.baseAddress, &length)
    }
  }
}
