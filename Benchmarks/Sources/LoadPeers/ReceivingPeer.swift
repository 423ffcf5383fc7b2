import CLibSRTP
import NIOCore
import WebRTC

/// A browser that receives one participant, as far as a gateway sees it, without a socket: offer, checks, DTLS client,
/// SRTP that is really checked and decrypted, receiver reports. It counts and times; it does not decode.
public final class ReceivingPeer {
  /// What it has seen of the stream.
  public struct Record: Sendable {
    /// RTP packets that decrypted.
    public var packets = 0
    /// Their bytes, decrypted.
    public var bytes = 0
    /// RTP packets that did not.
    public var rejected = 0
    /// Numbers missing between the first and the last, of all streams.
    public var missing = 0
    /// When the keys came, nanoseconds on the caller's clock.
    public var connectedAt: UInt64?
    /// When the last packet of the first key picture came.
    public var firstPictureAt: UInt64?
    /// From the stamp in a picture to the arrival of its last packet, nanoseconds.
    public var delays: [UInt64] = []
  }

  /// All it has seen so far.
  public private(set) var record = Record()
  /// Whether the keys are there.
  public var isConnected: Bool { self.record.connectedAt != nil }
  private let dtls: DTLSClient
  private let credentials: ICECredentials
  private let fingerprint: String
  private var remoteUfrag = ""
  private var remotePassword = ""
  private var random = SystemRandomNumberGenerator()
  private var hasAnswer = false
  private var streams: [(ssrc: UInt32, first: Int, latest: Int, received: Int)] = []
  private var pictureTime: UInt32 = 0
  private var stamp: UInt64?
  private var isKeyPicture = false
  private var outgoing: [ByteBuffer] = []

  /// nil when OpenSSL refuses.
  public init?(_ identity: ReceiverIdentity) {
    guard let dtls = DTLSClient(identity) else { return nil }
    self.dtls = dtls
    self.fingerprint = identity.fingerprint
    self.credentials = ICECredentials(using: &self.random)
  }

  /// The offer: one sound, one picture, H.264 first.
  public var offer: String {
    let transport = """
      c=IN IP4 0.0.0.0
      a=ice-ufrag:\(self.credentials.ufrag)
      a=ice-pwd:\(self.credentials.password)
      a=fingerprint:sha-256 \(self.fingerprint)
      a=setup:actpass
      a=recvonly
      a=rtcp-mux
      a=rtcp-rsize
      a=extmap:4 urn:ietf:params:rtp-hdrext:sdes:mid
      """
    let text = """
      v=0
      o=- 4611731400430051336 2 IN IP4 127.0.0.1
      s=-
      t=0 0
      a=group:BUNDLE 0 1
      m=audio 9 UDP/TLS/RTP/SAVPF 111
      \(transport)
      a=mid:0
      a=rtpmap:111 opus/48000/2
      a=fmtp:111 minptime=10;useinbandfec=1
      m=video 9 UDP/TLS/RTP/SAVPF 102 96
      \(transport)
      a=mid:1
      a=rtpmap:102 H264/90000
      a=rtcp-fb:102 nack
      a=rtcp-fb:102 nack pli
      a=fmtp:102 level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f
      a=rtpmap:96 VP8/90000
      a=rtcp-fb:96 nack
      a=rtcp-fb:96 nack pli

      """
    return text.replacing("\n", with: "\r\n")
  }

  /// Takes the answer; the port to send to, or nil if it says none. Sends a first check.
  public func take(answer: String) -> Int? {
    var port: Int?
    for line in answer.split(whereSeparator: \.isNewline) {
      if line.hasPrefix("a=ice-ufrag:") { self.remoteUfrag = String(line.dropFirst(12)) }
      if line.hasPrefix("a=ice-pwd:") { self.remotePassword = String(line.dropFirst(10)) }
      if line.hasPrefix("a=candidate:"), port == nil {
        let words = line.split(separator: " ")
        if words.count > 5, words[4].hasPrefix("127.") || words[4] == "192.0.2.1" { port = Int(words[5]) }
      }
    }
    self.check()
    return port
  }

  /// Asks the gateway whether it is there, which also says that this peer is: at least each 15 s.
  public func check() {
    let message = STUNMessage(
      .request, transactionID: STUNTransactionID(using: &self.random),
      attributes: [
        .username("\(self.remoteUfrag):\(self.credentials.ufrag)"), .iceControlling(tieBreaker: 1), .priority(99),
        .useCandidate,
      ])
    self.outgoing.append(message.encoded(integrityKey: self.remotePassword))
  }

  /// Everything to be sent now.
  public func takeOutgoing() -> [ByteBuffer] {
    defer { self.outgoing.removeAll(keepingCapacity: true) }
    return self.outgoing
  }

  /// Takes a datagram, which is decrypted where it lies. `time` is the caller's clock.
  public func receive(_ datagram: UnsafeMutableRawBufferPointer, at time: UInt64) {
    guard let first = datagram.first else { return }
    switch first {
    case 0...3:
      guard !self.hasAnswer, datagram.count > 1, first == 1, datagram[1] == 1 else { return }
      self.hasAnswer = true
      self.stepDTLS(nil, at: time)
    case 20...63: self.stepDTLS(UnsafeRawBufferPointer(datagram), at: time)
    case 128...191 where datagram.count > 12 && !(192...223).contains(datagram[1]):
      self.receiveRTP(datagram, at: time)
    default: break
    }
  }

  private func stepDTLS(_ datagram: UnsafeRawBufferPointer?, at time: UInt64) {
    if self.dtls.step(datagram) { self.record.connectedAt = time }
    while let flight = self.dtls.output() { self.outgoing.append(flight) }
  }

  /// For timers: sends a lost flight again.
  public func elapsed() {
    guard self.hasAnswer, !self.isConnected else {
      if !self.hasAnswer { self.check() }
      return
    }
    self.dtls.elapsed()
    while let flight = self.dtls.output() { self.outgoing.append(flight) }
  }

  /// Says goodbye.
  public func close() {
    self.dtls.close()
    while let flight = self.dtls.output() { self.outgoing.append(flight) }
  }

  // MARK: - Media

  private func receiveRTP(_ datagram: UnsafeMutableRawBufferPointer, at time: UInt64) {
    guard let inbound = self.dtls.inbound else { return }
    var length = Int32(datagram.count)
    guard srtp_unprotect(inbound, datagram.baseAddress, &length) == srtp_err_status_ok else {
      self.record.rejected += 1
      return
    }
    let packet = UnsafeRawBufferPointer(rebasing: datagram[..<Int(length)])
    self.record.packets += 1
    self.record.bytes += packet.count
    func word(_ at: Int) -> UInt32 { UInt32(bigEndian: packet.loadUnaligned(fromByteOffset: at, as: UInt32.self)) }
    self.note(ssrc: word(8), number: UInt16(truncatingIfNeeded: word(0)))
    var header = 12 + 4 * Int(packet[0] & 15)
    if packet[0] & 16 != 0, packet.count >= header + 4 { header += 4 + 4 * Int(word(header) & 0xFFFF) }
    guard packet.count > header + 1 else { return }
    let payload = UnsafeRawBufferPointer(rebasing: packet[header...])
    if word(4) != self.pictureTime {
      guard packet[1] & 127 == 102 else { return }
      self.pictureTime = word(4)
      self.stamp = nil
      self.isKeyPicture = false
    }
    guard packet[1] & 127 == 102 else { return }
    self.look(at: payload)
    guard packet[1] & 128 != 0 else { return }
    if self.isKeyPicture, self.record.firstPictureAt == nil { self.record.firstPictureAt = time }
    if let stamp, stamp < time { self.record.delays.append(time - stamp) }
  }

  private func look(at payload: UnsafeRawBufferPointer) {
    switch payload[0] & 31 {
    case 5: self.isKeyPicture = true
    case 6: self.stamp = Publication.stamp(in: payload) ?? self.stamp
    case 28 where payload[1] & 0x9F == 0x85: self.isKeyPicture = true
    default: break
    }
  }

  private func note(ssrc: UInt32, number: UInt16) {
    guard let index = self.streams.firstIndex(where: { $0.ssrc == ssrc }) else {
      self.streams.append((ssrc, Int(number), Int(number), 1))
      return
    }
    let step = Int(Int16(bitPattern: number &- UInt16(truncatingIfNeeded: self.streams[index].latest)))
    self.streams[index].received += 1
    if step > 0 { self.streams[index].latest += step }
    self.record.missing = self.streams.reduce(0) { $0 + $1.latest - $1.first + 1 - $1.received }
  }

  /// Forgets what was counted, not the connection.
  public func resetCounts() {
    self.record.packets = 0
    self.record.bytes = 0
    self.record.rejected = 0
    self.record.delays.removeAll(keepingCapacity: true)
    for index in self.streams.indices {
      self.streams[index].first = self.streams[index].latest + 1
      self.streams[index].received = 0
    }
    self.record.missing = 0
  }

  /// A receiver report of all streams without loss (RFC 3550 section 6.4.2).
  public func report() {
    guard let outbound = self.dtls.outbound, !self.streams.isEmpty else { return }
    var packet = ByteBuffer()
    packet.writeMultipleIntegers(
      UInt8(0x80 | self.streams.count), UInt8(201), UInt16(1 + 6 * self.streams.count), UInt32(0x0F1A_5469))
    for stream in self.streams {
      packet.writeMultipleIntegers(
        stream.ssrc, UInt32(0), UInt32(truncatingIfNeeded: stream.latest), UInt32(0), UInt32(0), UInt32(0))
    }
    var length = Int32(packet.readableBytes)
    packet.writeRepeatingByte(0, count: 160)
    packet.withUnsafeMutableReadableBytes { _ = srtp_protect_rtcp(outbound, $0.baseAddress, &length) }
    self.outgoing.append(packet.readSlice(length: Int(length)) ?? ByteBuffer())
  }
}
