import NIOCore
import RTP

/// One outgoing stream: numbers its packets, writes them into the arena and keeps what may be asked for again.
///
/// A struct that its connection changes in place: sending touches no heap memory of ours.
struct RTPSender {
  let ssrc: UInt32
  let cname: String
  /// Which of the connection's speaker clocks it runs on.
  let clock: Int
  /// Packets and payload bytes sent, as sender reports count them (RFC 3550 section 6.4.1).
  private(set) var packetCount: UInt32 = 0
  private(set) var octetCount: UInt32 = 0
  /// Ticks a second of the codec sent last.
  private(set) var clockRate: UInt32 = 0
  /// The number of the last full intra request, to tell a repetition from a new one (RFC 5104 section 4.3.1.1).
  var lastIntraRequest: UInt8?
  /// The receiver's last measured round trip.
  var roundTrip: TimeAmount = .milliseconds(0)

  private let timestampOffset: UInt32
  private var nextSequenceNumber: UInt16
  private var payloadTypes: PayloadTypes
  private var mediaID: String?
  private var extensionMap = HeaderExtensionMap()
  /// Packets before this number carry the mid; nil while they all do.
  private var midEnd: UInt16?
  private var midPackets = 0
  private var history: RetransmissionHistory?
  private(set) var isSound = false
  private var repetition: SoundRepetition?
  private(set) var retransmission: RetransmissionStream

  init(_ stream: OutgoingStream, in section: SessionPlan.Section, clock: Int) {
    self.ssrc = stream.ssrc
    self.cname = stream.cname
    self.clock = clock
    self.timestampOffset = stream.timestampOffset
    self.nextSequenceNumber = stream.firstSequenceNumber
    self.payloadTypes = section.payloadTypes
    self.retransmission = RetransmissionStream(stream.retransmission)
    self.apply(section)
  }

  /// Takes over what a later negotiation has changed.
  mutating func update(_ section: SessionPlan.Section) {
    guard
      section.payloadTypes != self.payloadTypes || section.extensions != self.extensionMap
        || section.mid != self.mediaID
        || (section.feedback.contains(.nack) || section.kind == .audio) != (self.history != nil)
        || section.retransmissionTypes != self.retransmission.payloadTypes
    else { return }
    self.apply(section)
  }

  private mutating func apply(_ section: SessionPlan.Section) {
    self.payloadTypes = section.payloadTypes
    self.retransmission.payloadTypes = section.retransmissionTypes
    self.mediaID = section.mid
    self.extensionMap = section.extensions
    self.midEnd = nil
    self.midPackets = 0
    // What was sent under the old numbers cannot be written the same way again.
    let capacity = section.kind == .audio ? Self.audioHistory : Self.videoHistory
    self.isSound = section.kind == .audio
    self.history =
      section.feedback.contains(.nack) || self.isSound ? RetransmissionHistory(capacity: capacity) : nil
  }

  // MARK: - Sending

  /// Where packets go and how: what a connection lends for the length of a call.
  struct Outlet {
    let destination: SocketAddress
    let srtp: SRTPContext
    let arena: DatagramArena
    let clock: NTPClock
  }

  /// What the connection must know of a frame that was sent.
  struct Sent {
    let clock: Int
    /// Whether nothing was sent before it.
    let isFirst: Bool
  }

  /// Writes all packets of a frame. Nil if the peer does not take the codec.
  @inline(__always)
  mutating func send(
    _ frame: PacketizedFrame, mediaTime: Int64, at now: NIODeadline, to outlet: Outlet,
    noting ledger: inout TransportLedger, counting counters: inout PeerConnectionCounters
  ) -> Sent? {
    guard let payloadType = self.payloadTypes[frame.codec] else { return nil }
    let timestamp = self.timestampOffset &+ UInt32(truncatingIfNeeded: mediaTime)
    // One decision for a whole frame, so that its packets stay equal in size.
    let hasMID = self.midEnd == nil
    var extensions = self.extensions(frame, hasMID: hasMID, sentAt: now, outlet.clock)
    // The packets of a frame follow each other in both of their numbers.
    let (first, firstOfTransport) = (self.nextSequenceNumber, ledger.next)
    var isWhole = true
    outlet.arena.address(to: outlet.destination)
    for index in 0..<frame.count {
      let header = RTPHeader(
        marker: frame.marker(index), payloadType: payloadType, sequenceNumber: self.nextSequenceNumber,
        timestamp: timestamp, ssrc: self.ssrc)
      extensions.transportSequenceNumber = ledger.next
      let written = self.write(header, extensions, frame, index, to: outlet)
      counters.count(written)
      if self.extensionMap.transportSequenceNumber != nil, written > 0 { ledger.record(size: written, at: now) }
      isWhole = isWhole && written > 0
      // The number is used up even if the packet was lost here.
      self.nextSequenceNumber &+= 1
    }
    // After a packet that could not be written the numbers of those behind it cannot be told from the first one's.
    if isWhole {
      self.history?.record(
        firstSequenceNumber: first, frame: frame, timestamp: timestamp, firstTransportNumber: firstOfTransport, at: now)
    }
    self.clockRate = frame.codec.clockRate
    let isFirst = self.packetCount == 0
    self.packetCount &+= UInt32(truncatingIfNeeded: frame.count)
    self.octetCount &+= UInt32(truncatingIfNeeded: frame.byteCount)
    if hasMID {
      self.midPackets += frame.count
      if self.midPackets >= Self.packetsWithMID { self.midEnd = self.nextSequenceNumber }
    }
    return Sent(clock: self.clock, isFirst: isFirst)
  }

  /// Sends a packet again that the receiver misses.
  ///
  /// On a stream of its own it is a packet like any other (RFC 4588). Otherwise it must be the same byte for byte, header
  /// included: its key stream is the same, and a second header under it would give away the key of the tag (RFC 3711
  /// section 9.1, RFC 7714 section 10.1).
  ///
  /// - Parameter isCopy: once more unasked, on a line that loses packets.
  mutating func resend(
    _ sequenceNumber: UInt16, isCopy: Bool = false, at now: NIODeadline, to outlet: Outlet,
    noting ledger: inout TransportLedger, counting counters: inout PeerConnectionCounters
  ) {
    let pause = isCopy ? .zero : max(self.roundTrip, Self.shortestResendPause)
    switch self.history?.packet(sequenceNumber, at: now, minimumInterval: pause) {
    case .found(let packet):
      outlet.arena.address(to: outlet.destination)
      let written: Int
      if let header = self.retransmission.nextHeader(packet) {
        var extensions = self.extensions(packet.frame, hasMID: true, sentAt: now, outlet.clock)
        extensions.transportSequenceNumber = ledger.next
        written = self.write(
          header, extensions, packet.frame, packet.index, repeating: sequenceNumber, to: outlet)
        if self.extensionMap.transportSequenceNumber != nil, written > 0 { ledger.record(size: written, at: now) }
      } else {
        written = self.copy(packet, sequenceNumber, to: outlet)
      }
      counters.count(written)
      counters.packetsResent &+= 1
    case .sentRecently: break
    case .notHeld, nil: counters.packetsNotHeld &+= 1
    }
  }

  /// Writes a packet the same as it was.
  private mutating func copy(
    _ packet: RetransmissionHistory.Packet, _ sequenceNumber: UInt16, to outlet: Outlet
  ) -> Int {
    guard let payloadType = self.payloadTypes[packet.frame.codec] else { return 0 }
    let header = RTPHeader(
      marker: packet.frame.marker(packet.index), payloadType: payloadType, sequenceNumber: sequenceNumber,
      timestamp: packet.timestamp, ssrc: self.ssrc)
    let hasMID = self.midEnd.map { Int16(bitPattern: sequenceNumber &- $0) < 0 } ?? true
    var extensions = self.extensions(packet.frame, hasMID: hasMID, sentAt: packet.sentAt, outlet.clock)
    extensions.transportSequenceNumber = packet.transportNumber
    self.packetCount &+= 1
    self.octetCount &+= UInt32(truncatingIfNeeded: packet.frame.payloadSize(packet.index))
    return self.write(header, extensions, packet.frame, packet.index, to: outlet)
  }

  // MARK: - Sound, once more

  /// Sets how often each packet of sound is sent again unasked; nothing to pictures.
  mutating func setCopies(_ copies: Int) {
    guard self.isSound, copies != self.repetition?.runs.count ?? 0 else { return }
    self.repetition = .following(self.repetition, copies: copies)
  }

  /// Sends the copies that are due.
  mutating func repeatSound(at now: NIODeadline, to outlet: Outlet, counting counters: inout PeerConnectionCounters) {
    for index in (self.repetition?.runs ?? []).indices {
      guard let run = self.repetition?.runs[index] else { continue }
      // What a pause has made too old is passed over.
      let oldest = self.nextSequenceNumber &- UInt16(Self.audioHistory)
      var next = run.next ?? self.nextSequenceNumber
      if Int16(bitPattern: next &- oldest) < 0 { next = oldest }
      while next != self.nextSequenceNumber {
        if case .found(let packet) = self.history?.packet(next, at: now, minimumInterval: .zero) {
          guard now - packet.sentAt >= run.delay else { break }
          outlet.arena.address(to: outlet.destination)
          counters.count(self.copy(packet, next, to: outlet))
          counters.soundRepeated &+= 1
        }
        next &+= 1
      }
      self.repetition?.runs[index].next = next
    }
  }

  /// Lets go of packets that are too old to be asked for: a stream that pauses must not hold its last frames.
  mutating func expire(at now: NIODeadline) { self.history?.expire(at: now) }

  private func extensions(
    _ frame: PacketizedFrame, hasMID: Bool, sentAt: NIODeadline, _ clock: NTPClock
  ) -> HeaderExtensions {
    HeaderExtensions(
      mediaID: hasMID ? self.mediaID : nil,
      absoluteSendTime: self.extensionMap.absoluteSendTime == nil ? nil : AbsoluteSendTime(clock.time(at: sentAt)),
      audioLevel: frame.audioLevel)
  }

  /// Header, payload and protection, in the arena's memory. The bytes written, 0 if there was no room.
  ///
  /// - Parameter original: the number of the packet that this one repeats, if it does so on a stream of its own.
  @inline(__always)
  private func write(
    _ header: RTPHeader, _ extensions: HeaderExtensions, _ frame: PacketizedFrame, _ index: Int,
    repeating original: UInt16? = nil, to outlet: Outlet
  ) -> Int {
    var written = 0
    outlet.arena.append { slot in
      guard let start = slot.baseAddress,
        let headerSize = try? header.write(extensions: extensions, self.extensionMap, into: slot)
      else { return 0 }
      let prefix = original == nil ? 0 : 2
      let size = headerSize + prefix + frame.payloadSize(index)
      guard size + SRTPContext.maximumTrailer <= slot.count else { return 0 }
      written = frame.withUnsafePayload(index) { (payload: UnsafeRawBufferPointer) in
        guard let original else { return outlet.srtp.protect(start, headerSize: headerSize, payload: payload) ?? 0 }
        slot.storeBytes(of: original.bigEndian, toByteOffset: headerSize, as: UInt16.self)
        UnsafeMutableRawBufferPointer(rebasing: slot[(headerSize + prefix)...]).copyMemory(from: payload)
        return outlet.srtp.protect(start, count: size) ?? 0
      }
      return written
    }
    return written
  }

  // MARK: - Reports

  /// The sender report for now, nil before the first packet (RFC 3550 section 6.4).
  func report(at now: NTPTime, _ speaker: SpeakerClock) -> SenderReport? {
    guard self.packetCount > 0 else { return nil }
    let times = StreamClock(clockRate: self.clockRate, offset: self.timestampOffset).reportTimes(at: now, speaker)
    return SenderReport(
      ssrc: self.ssrc, ntpTime: times.ntpTime, rtpTimestamp: times.rtpTimestamp, packetCount: self.packetCount,
      octetCount: self.octetCount)
  }

  /// Enough for any receiver to have seen one; it has the SSRC from the description as well.
  private static let packetsWithMID = 200
  private static let videoHistory = 2048
  private static let audioHistory = 64
  private static let shortestResendPause = TimeAmount.milliseconds(10)
}

extension PeerConnectionCounters {
  /// Notes a packet of so many bytes; 0 for one that could not be written.
  fileprivate mutating func count(_ bytes: Int) {
    if bytes > 0 {
      self.packetsSent &+= 1
      self.bytesSent &+= UInt64(bytes)
    } else {
      self.packetsFailed &+= 1
    }
  }
}
