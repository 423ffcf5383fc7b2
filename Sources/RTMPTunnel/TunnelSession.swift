import NIOCore

/// The server's side of one RTMPT conversation, without HTTP and without RTMP: numbered requests in, bytes for RTMP up,
/// bytes of RTMP down, answers out.
///
///     awaiting(n) -- request n --> answering(n) -- reply --> awaiting(n + 1)
///     any -- close, or finished and all said --> over
///
/// The owner hands in a request, gives what it brought to RTMP, and takes the answers that are due:
///
///     switch try session.receive(.send, number: n, at: now) { case .fresh: rtmp.receive(body) ... }
///     try session.send(bytes of RTMP)
///     while let reply = session.reply(at: now) { answer every request of that number }
///     wake me at session.deadline: try session.elapsed(at: now), then replies again
///
/// Requests are taken strictly in order. A proxy or a client that saw no answer repeats its request: it gets the answer
/// that was given before, and what it brought is not taken twice. An answer to `idle` that would be empty is held back
/// for as long as the polling byte tells the client to wait, because some clients ask again as fast as answers come;
/// when there is something to say it goes at once. Confined to one owner.
public struct TunnelSession: Sendable {
  /// What a request that was taken means for the owner.
  public enum Arrival: Sendable, Equatable {
    /// It is new: its body is for RTMP, its answer comes by ``TunnelSession/reply(at:)``.
    case fresh
    /// It is the request that is being answered, come again: its body is known, the answer is for it too.
    case awaited
    /// It was answered before, like this; its body is known.
    case repeated(TunnelReply)
    /// The client ends the session; this is the last answer.
    case closed(TunnelReply)
  }

  private enum Phase: Sendable {
    /// Nil before the first request, whose number may be 0 or 1.
    case awaiting(number: UInt32?)
    case answering(number: UInt32, isPoll: Bool, until: NIODeadline)
    case over
  }

  private let limits: TunnelLimits
  private var phase = Phase.awaiting(number: nil)
  private var delay = PollingDelay()
  /// What RTMP has to say, not yet said.
  private var queue = CircularBuffer<ByteBuffer>(initialCapacity: 4)
  /// Bytes in `queue`.
  public private(set) var queuedBytes = 0
  private var isFinished = false
  /// Answers that a further request has hurried.
  private var hurried: [TunnelReply] = []
  private var last: TunnelReply?
  private var lastRequest: NIODeadline
  /// What was asked so far.
  public private(set) var counts = TunnelCounts()

  /// A session opened at `now`.
  public init(limits: TunnelLimits = .init(), now: NIODeadline) {
    self.limits = limits
    lastRequest = now
  }

  // MARK: Requests

  /// Takes a request. A refused one changes nothing but its count.
  public mutating func receive(
    _ kind: TunnelRequest.Kind, number: UInt32, at now: NIODeadline
  ) throws(TunnelError) -> Arrival {
    switch phase {
    case .over:
      if let last, last.number == number { return again(last, at: now) }
      throw .ended
    case .answering(let current, _, _) where number == current:
      lastRequest = now
      counts.repeats += 1
      return .awaited
    case .answering(let current, let isPoll, _):
      if let last, last.number == number { return again(last, at: now) }
      try check(number, expected: current &+ 1)
      // The client does not wait for this answer before it asks on.
      let reply = makeReply(number: current, isPoll: isPoll)
      hurried.append(reply)
      last = reply
    case .awaiting(let expected):
      if let last, last.number == number { return again(last, at: now) }
      try check(number, expected: expected ?? min(number, 1))
    }
    lastRequest = now
    return take(kind, number: number, at: now)
  }

  private mutating func check(_ number: UInt32, expected: UInt32) throws(TunnelError) {
    guard number == expected else {
      counts.refusals += 1
      throw .wrongNumber(number, expected: expected)
    }
  }

  private mutating func again(_ reply: TunnelReply, at now: NIODeadline) -> Arrival {
    lastRequest = now
    counts.repeats += 1
    return .repeated(reply)
  }

  private mutating func take(_ kind: TunnelRequest.Kind, number: UInt32, at now: NIODeadline) -> Arrival {
    switch kind {
    case .send:
      counts.sends += 1
      delay.foundTraffic()
      phase = .answering(number: number, isPoll: false, until: now)
    case .idle:
      counts.polls += 1
      phase = .answering(number: number, isPoll: true, until: now + limits.pollingUnit * Int(delay.byte))
    case .close:
      end()
      return .closed(TunnelReply(number: number, body: ByteBuffer(bytes: [0])))
    }
    return .fresh
  }

  // MARK: Answers

  /// Queues bytes of RTMP for the client.
  public mutating func send(_ bytes: ByteBuffer) throws(TunnelError) {
    guard bytes.readableBytes > 0, !isFinished else { return }
    if case .over = phase { throw .ended }
    let total = queuedBytes + bytes.readableBytes
    guard total <= limits.queuedBytes else { throw .queueFull(bytes: total, limit: limits.queuedBytes) }
    queue.append(bytes)
    queuedBytes = total
  }

  /// RTMP has said its last word: when the client has got it, the session is over.
  public mutating func finish() {
    isFinished = true
    endWhenSaid()
  }

  /// The session ends at once; nothing more is answered.
  public mutating func end() {
    phase = .over
    queue.removeAll()
    queuedBytes = 0
    last = nil
    hurried = []
  }

  /// The next answer that is due at `now`; nil when there is none.
  public mutating func reply(at now: NIODeadline) -> TunnelReply? {
    if !hurried.isEmpty { return hurried.removeFirst() }
    guard case .answering(let number, let isPoll, let until) = phase, now >= until || queuedBytes > 0 || isFinished
    else { return nil }
    let reply = makeReply(number: number, isPoll: isPoll)
    last = reply
    phase = .awaiting(number: number &+ 1)
    endWhenSaid()
    return reply
  }

  /// Whether nothing follows: the owner forgets the session once it has taken the replies.
  public var isOver: Bool {
    if case .over = phase { true } else { false }
  }

  private mutating func makeReply(number: UInt32, isPoll: Bool) -> TunnelReply {
    if queuedBytes > 0 {
      delay.foundTraffic()
    } else if isPoll {
      counts.emptyPolls += 1
      delay.foundNothing()
    }
    let length = min(queuedBytes, limits.replyBytes)
    var body = ByteBuffer()
    body.reserveCapacity(1 + length)
    body.writeInteger(delay.byte)
    while body.readableBytes <= length, var bytes = queue.popFirst() {
      let room = 1 + length - body.readableBytes
      if bytes.readableBytes <= room {
        body.writeBuffer(&bytes)
      } else if var part = bytes.readSlice(length: room) {
        body.writeBuffer(&part)
        queue.prepend(bytes)
      }
    }
    queuedBytes -= length
    return TunnelReply(number: number, body: body)
  }

  /// The last answer stays for a client that did not see it.
  private mutating func endWhenSaid() {
    guard isFinished, queuedBytes == 0, case .awaiting = phase else { return }
    phase = .over
  }

  // MARK: Time

  /// When to call ``elapsed(at:)`` and to ask for replies; nil when the session is over.
  public var deadline: NIODeadline? {
    switch phase {
    case .awaiting: lastRequest + limits.silence
    case .answering(_, _, let until): until
    case .over: nil
    }
  }

  /// Gives a client up that has sent no request for too long.
  public mutating func elapsed(at now: NIODeadline) throws(TunnelError) {
    guard case .awaiting = phase, now >= lastRequest + limits.silence else { return }
    end()
    throw .silent(seconds: limits.silence.nanoseconds / 1_000_000_000)
  }
}
