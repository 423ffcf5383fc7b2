import NIOCore
import RTP

extension PeerConnection {
  // MARK: - What the receiver says

  /// Takes a decrypted compound.
  func takeFeedback(_ compound: ByteBuffer, _ srtp: SRTPSession, at now: NIODeadline, into arena: DatagramArena) {
    do throws(RTPError) {
      var reader = try CompoundReader(compound)
      while let packet = try reader.next() { self.take(packet, srtp, at: now, into: arena) }
    } catch {
      self.counters.reportsMalformed &+= 1
    }
  }

  private func take(_ packet: RTCPPacket, _ srtp: SRTPSession, at now: NIODeadline, into arena: DatagramArena) {
    switch packet {
    case .receiverReport(let report): self.take(report.reports, at: now)
    case .senderReport(let report): self.take(report.reports, at: now)
    case .genericNACK(let request): self.resend(request, srtp, at: now, into: arena)
    case .pictureLossIndication(let indication):
      if let section = self.section(sending: indication.mediaSSRC) { self.emit(.keyFrameRequested(section: section)) }
    case .fullIntraRequest(let request):
      for entry in request.entries {
        guard let section = self.section(sending: entry.ssrc),
          self.senders[section]?.lastIntraRequest != entry.sequenceNumber
        else { continue }
        self.senders[section]?.lastIntraRequest = entry.sequenceNumber
        self.emit(.keyFrameRequested(section: section))
      }
    case .transportFeedback(let feedback):
      self.bandwidth.take(feedback, roundTrip: self.roundTrip, at: now)
      self.tellBitRate()
      self.judgeLoss(self.bandwidth.lossShare, at: now)
    case .receiverEstimatedMaximumBitrate(let estimate):
      self.bandwidth.take(estimate: estimate.bitRate, bytesSent: self.counters.bytesSent, at: now)
      self.tellBitRate()
    case .sourceDescription, .goodbye, .unknown: break
    }
  }

  private func take(_ blocks: [ReportBlock], at now: NIODeadline) {
    for block in blocks {
      guard let section = self.section(sending: block.ssrc) else { continue }
      let roundTrip = block.roundTrip(at: self.ntpClock.time(at: now))
      if let roundTrip { self.senders[section]?.roundTrip = min(roundTrip, .seconds(1)) }
      let report = ReceptionReport(
        fractionLost: block.fractionLost, cumulativeLost: block.cumulativeLost, jitter: block.jitter,
        roundTrip: roundTrip)
      self.emit(.receiverReport(section: section, report))
      self.bandwidth.take(
        lossShare: Double(block.fractionLost) / 256, bytesSent: self.counters.bytesSent, roundTrip: self.roundTrip,
        at: now)
      self.judgeLoss(Double(block.fractionLost) / 256, at: now)
    }
    self.tellBitRate()
  }

  /// Sends sound more than once while packets are lost.
  private func judgeLoss(_ share: Double, at now: NIODeadline) {
    let wanted = self.soundPolicy.copies(
      lossShare: share, isCongested: self.bandwidth.isCongested(at: now), at: now)
    let copies = min(wanted, self.mostSoundCopies)
    self.soundCopies = copies
    for index in self.senders.indices { self.senders[index]?.setCopies(copies) }
    if copies == 0 { self.nextRepeat = nil } else if self.nextRepeat == nil { self.nextRepeat = now }
  }

  /// All sound together gets at most three quarters of a line whose bound is known.
  private var mostSoundCopies: Int {
    guard !self.bandwidth.isUnbounded else { return .max }
    let sounds = self.senders.count { $0?.isSound == true }
    return max(0, self.bandwidth.bitRate / 4 * 3 / (Self.soundBitRate * max(sounds, 1)) - 1)
  }

  func repeatSound(at now: NIODeadline, into arena: DatagramArena) {
    guard case .connected(let srtp) = self.state, let outlet = self.outlet(srtp, arena) else { return }
    for index in self.senders.indices {
      self.senders[index]?.repeatSound(at: now, to: outlet, counting: &self.counters)
    }
    for (section, number) in self.resendCopies where section < self.senders.count && self.budget.take(at: now) {
      self.senders[section]?.resend(
        number, isCopy: true, at: now, to: outlet, noting: &self.bandwidth.ledger, counting: &self.counters)
    }
    self.resendCopies.removeAll(keepingCapacity: true)
    self.nextRepeat = now + Self.repeatInterval
  }

  private static let maximumCopies = 64
  /// Opus and its headers, in bit/s.
  public static let soundBitRate = 55_000
  /// A packet of sound.
  private static let repeatInterval = TimeAmount.milliseconds(20)

  /// The longest that any stream's receiver has measured lately.
  private var roundTrip: TimeAmount {
    self.senders.lazy.compactMap { $0?.roundTrip }.max() ?? .zero
  }

  /// Tells the owner of a change that is worth to act upon.
  func tellBitRate() {
    let rate = self.bandwidth.bitRate
    guard abs(rate - self.toldBitRate) * 20 > self.toldBitRate else { return }
    self.toldBitRate = rate
    self.emit(.bitRateChanged)
  }

  private func resend(_ request: GenericNACK, _ srtp: SRTPSession, at now: NIODeadline, into arena: DatagramArena) {
    guard let section = self.section(sending: request.mediaSSRC), let outlet = self.outlet(srtp, arena) else { return }
    request.forEachMissing { number in
      guard self.budget.take(at: now), self.lineTakesResend(at: now) else {
        self.counters.resendsRefused &+= 1
        return
      }
      self.senders[section]?.resend(
        number, at: now, to: outlet, noting: &self.bandwidth.ledger, counting: &self.counters)
      if self.nextRepeat != nil, self.resendCopies.count < Self.maximumCopies {
        self.resendCopies.append((section, number))
      }
    }
  }

  /// Packets sent again get at most a part of a line whose bound is known: those that a full queue lost would fill it again.
  private func lineTakesResend(at now: NIODeadline) -> Bool {
    guard !self.bandwidth.isUnbounded else { return true }
    guard self.resends.wait(at: now) < Self.longestResendWait else { return false }
    self.resends.send(Self.resendSize, bitRate: self.bandwidth.bitRate / 3, at: now)
    return true
  }

  private static let longestResendWait = TimeAmount.milliseconds(200)
  /// Bytes, near enough.
  private static let resendSize = 1200

  private func section(sending ssrc: UInt32) -> Int? {
    self.senders.firstIndex { $0?.ssrc == ssrc }
  }

  // MARK: - What we report

  /// A report of every stream that has begun, in as few compounds as possible.
  func sendReports(at now: NIODeadline, into arena: DatagramArena) {
    for index in self.senders.indices { self.senders[index]?.expire(at: now) }
    self.sendReports(of: Array(self.senders.indices), at: now, into: arena)
  }

  func sendReports(of sections: [Int], at now: NIODeadline, into arena: DatagramArena) {
    self.send(self.reports(of: sections, at: now), into: arena)
  }

  /// The last report of streams and their BYE (RFC 3550 section 6.6).
  func sayGoodbye(sections: [Int], at now: NIODeadline, into arena: DatagramArena) {
    let reports = self.reports(of: sections, at: now)
    self.send(
      reports.map { packets in
        let sources = packets.compactMap { if case .senderReport(let report) = $0 { report.ssrc } else { nil } }
        return packets + [.goodbye(Goodbye(sources: sources))]
      }, into: arena)
  }

  /// Sender report and name of each stream that has begun, cut into compounds that fit a datagram.
  private func reports(of sections: [Int], at now: NIODeadline) -> [[RTCPPacket]] {
    let wallTime = self.ntpClock.time(at: now)
    var compounds: [[RTCPPacket]] = []
    var size = Self.maximumReports
    for section in sections {
      guard let sender = self.senders[section], let clock = self.clocks[sender.clock].clock,
        let report = sender.report(at: wallTime, clock)
      else { continue }
      let name = String(decoding: sender.cname.utf8.prefix(255), as: UTF8.self)
      let packets: [RTCPPacket] = [
        .senderReport(report), .sourceDescription(SourceDescription(ssrc: sender.ssrc, cname: name)),
      ]
      let added = packets.reduce(0) { $0 + $1.size }
      if size + added > Self.maximumReports {
        compounds.append([])
        size = 0
      }
      compounds[compounds.count - 1] += packets
      size += added
    }
    return compounds
  }

  private func send(_ compounds: [[RTCPPacket]], into arena: DatagramArena) {
    guard case .connected(let srtp) = self.state, let destination = self.remoteAddress else { return }
    for packets in compounds {
      var writer = CompoundWriter()
      guard (try? packets.forEach { packet throws(RTPError) in try writer.append(packet) }) != nil,
        let compound = try? writer.finish()
      else { continue }
      let sent = arena.append(to: destination) { slot in
        let count = compound.readableBytes
        guard let start = slot.baseAddress, count + SRTPContext.maximumTrailer <= slot.count else { return 0 }
        compound.withUnsafeReadableBytes { slot.copyMemory(from: $0) }
        return srtp.outbound.protectRTCP(start, count: count) ?? 0
      }
      if sent { self.counters.reportsSent &+= 1 }
    }
  }

  /// Bytes; leaves room for the BYE of all streams in it.
  private static let maximumReports = 1000
}
