import NIOCore
import RTP

extension PeerConnection {
  /// Sends a frame in a section: numbers, header, extensions, payload, protection, all in the arena's memory.
  ///
  /// - Parameters:
  ///   - frame: cut once for all receivers.
  ///   - section: position of the media section in the plan.
  ///   - mediaTime: the time to send it under, in ticks of the codec's clock, instead of the frame's own. A joiner
  ///     gets the cached group of pictures squeezed into the live time line by it. Times of a section must not go
  ///     back.
  /// - Returns: false if nothing was sent: not connected, no track in the section, or a codec the peer does not take.
  @discardableResult
  public func send(
    _ frame: PacketizedFrame, section: Int, mediaTime: Int64? = nil, at now: NIODeadline, into arena: DatagramArena
  ) -> Bool {
    guard case .connected(let srtp) = self.state, section >= 0, section < self.senders.count,
      let outlet = self.outlet(srtp, arena)
    else { return false }
    let mediaTime = mediaTime ?? frame.mediaTime
    // Reading a sender's properties afterwards would copy it out of the array, with all that it refers to.
    guard
      let sent = self.senders[section]?.send(
        frame, mediaTime: mediaTime, at: now, to: outlet, noting: &self.bandwidth.ledger, counting: &self.counters)
    else { return false }
    self.follow(mediaTime, clockRate: frame.codec.clockRate, clock: sent.clock, at: now)
    // The first report goes out with the first frame: until it comes, the receiver cannot play sound and picture
    // in step.
    if sent.isFirst {
      self.sendReports(of: [section], at: now, into: arena)
      if self.nextReport == nil { self.nextReport = now + Self.reportInterval }
    }
    return true
  }

  /// Takes over a later negotiation: new streams begin, streams that are gone say BYE, credentials change when the
  /// peer has restarted ICE.
  public func update(plan: SessionPlan, at now: NIODeadline, into arena: DatagramArena) {
    if case .closed = self.state { return }
    self.ice.restart(local: plan.local, remoteUfrag: plan.remote.ufrag)
    self.remoteSSRCs = plan.remoteSSRCs
    let kept = Set(plan.sections.compactMap { $0.stream?.ssrc })
    let gone = self.senders.indices.filter { index in
      self.senders[index].map { !kept.contains($0.ssrc) } ?? false
    }
    self.sayGoodbye(sections: gone, at: now, into: arena)
    if case .connected(let srtp) = self.state {
      for index in gone {
        guard let sender = self.senders[index] else { continue }
        for ssrc in [sender.ssrc, sender.retransmission.ssrc] { srtp.outbound.removeStream(ssrc: ssrc) }
      }
    }
    self.takeSenders(of: plan)
  }

  /// Says goodbye (RTCP BYE, DTLS close_notify) and ends the connection.
  public func close(at now: NIODeadline, into arena: DatagramArena) {
    if case .closed = self.state { return }
    self.sayGoodbye(sections: Array(self.senders.indices), at: now, into: arena)
    self.dtls.close()
    self.flushDTLS(into: arena)
    self.end(.local)
  }

  /// How much may be sent, in bit/s, as far as the receiver's reports tell.
  public var bitRate: Int { self.bandwidth.bitRate }

  /// Whether the path to the receiver has shown no bound yet.
  public var isUnbounded: Bool { self.bandwidth.isUnbounded }

  /// Where media goes now; nil before an address is known.
  @inline(__always)
  func outlet(_ srtp: SRTPSession, _ arena: DatagramArena) -> RTPSender.Outlet? {
    guard let destination = self.remoteAddress else { return nil }
    return RTPSender.Outlet(destination: destination, srtp: srtp.outbound, arena: arena, clock: self.ntpClock)
  }

  // MARK: - Streams

  /// Makes the senders fit a plan. One whose source is still there goes on, wherever its section now stands.
  func takeSenders(of plan: SessionPlan) {
    let former = self.senders.compactMap(\.self)
    let kept = Set(plan.sections.compactMap { $0.stream?.ssrc })
    let used = Set(former.filter { kept.contains($0.ssrc) }.map(\.clock))
    for index in self.clocks.indices where !used.contains(index) { self.clocks[index] = (nil, nil) }
    self.senders = plan.sections.map { section in
      guard let stream = section.stream else { return nil }
      if var sender = former.first(where: { $0.ssrc == stream.ssrc }) {
        sender.update(section)
        return sender
      }
      return RTPSender(stream, in: section, clock: self.clockIndex(cname: stream.cname))
    }
  }

  /// Places of clocks never change while a sender uses them; one that nobody uses is taken over.
  private func clockIndex(cname: String) -> Int {
    if let index = self.clocks.firstIndex(where: { $0.cname == cname }) { return index }
    if let free = self.clocks.firstIndex(where: { $0.cname == nil }) {
      self.clocks[free] = (cname, nil)
      return free
    }
    self.clocks.append((cname, nil))
    return self.clocks.count - 1
  }

  /// Lays the speaker's clock by its first frame, and anew when its time has jumped. In between it is left alone,
  /// so that the reports of sound and picture lie on one straight line whatever the network did to single frames.
  private func follow(_ mediaTime: Int64, clockRate: UInt32, clock index: Int, at now: NIODeadline) {
    let rate = Int64(clockRate)
    let microseconds =
      (mediaTime / rate).multipliedReportingOverflow(by: 1_000_000).partialValue
      &+ mediaTime % rate * 1_000_000 / rate
    let wallTime = self.ntpClock.time(at: now)
    if let clock = self.clocks[index].clock {
      let expected = clock.mediaTime(at: wallTime)
      let (distance, overflow) = microseconds.subtractingReportingOverflow(expected)
      if !overflow, distance.magnitude < Self.largestDrift { return }
    }
    self.clocks[index].clock = SpeakerClock(mediaTime: microseconds, at: wallTime)
  }

  /// Microseconds.
  private static let largestDrift: UInt64 = 5_000_000
}
