import NIOCore
import Seeded

/// One direction of a bad network, in virtual time: a bottleneck with a bounded queue, then loss in bursts, then delay
/// with jitter. The same seed gives the same network.
public struct BadLink<Datagram> {
  /// What is wrong with it.
  public struct Conditions: Sendable {
    /// From end to end, without queue.
    public var delay = TimeAmount.milliseconds(10)
    /// Added or taken away at random; packets overtake each other by it.
    public var jitter = TimeAmount.zero
    /// Share of packets lost in the mean.
    public var loss = 0.0
    /// How many are lost in a row, in the mean.
    public var burst = 1.0
    /// Bits a second; nil for a line without a bottleneck.
    public var bitRate: Int?
    /// What the bottleneck's queue holds; beyond it packets are lost.
    public var queue = TimeAmount.seconds(2)

    /// A good line.
    public init() {}
  }

  /// May change while datagrams are on their way.
  public var conditions: Conditions
  /// Datagrams lost so far, by chance or for want of room.
  public private(set) var lost = 0
  /// What the last datagram waited at the bottleneck.
  public private(set) var queueDelay = TimeAmount.zero
  private var random: SeededGenerator
  private var isInBurst = false
  /// When the bottleneck has sent all it holds.
  private var free = NIODeadline.uptimeNanoseconds(0)
  private var onTheWay: [(at: NIODeadline, order: Int, datagram: Datagram)] = []
  private var order = 0

  /// A line of those conditions.
  public init(_ conditions: Conditions, seed: UInt64) {
    self.conditions = conditions
    random = SeededGenerator(seed: seed)
  }

  /// Puts a datagram of `size` bytes, headers included, onto the line.
  public mutating func send(_ datagram: Datagram, size: Int, at now: NIODeadline) {
    var leaves = now
    queueDelay = .zero
    if let bitRate = conditions.bitRate {
      queueDelay = max(free, now) - now
      guard queueDelay <= conditions.queue else {
        lost += 1
        return
      }
      free = max(free, now) + .nanoseconds(Int64(size) * 8_000_000_000 / Int64(bitRate))
      leaves = free
    }
    guard !isLost() else {
      lost += 1
      return
    }
    let jitter = conditions.jitter.nanoseconds
    let shift = jitter > 0 ? Int64.random(in: -jitter...jitter, using: &random) : 0
    onTheWay.append((leaves + conditions.delay + .nanoseconds(shift), order, datagram))
    order += 1
  }

  /// When the next datagram arrives.
  public var deadline: NIODeadline? { onTheWay.map(\.at).min() }

  /// The datagrams that have arrived by `now`, in order of arrival.
  public mutating func receive(by now: NIODeadline) -> [(at: NIODeadline, datagram: Datagram)] {
    let arrived = onTheWay.filter { $0.at <= now }.sorted { ($0.at, $0.order) < ($1.at, $1.order) }
    onTheWay.removeAll { $0.at <= now }
    return arrived.map { ($0.at, $0.datagram) }
  }

  /// Gilbert's model: within a burst all is lost, and a burst ends with each packet by chance.
  private mutating func isLost() -> Bool {
    guard conditions.loss > 0 else { return false }
    let leave = 1 / max(conditions.burst, 1)
    let enter = leave * conditions.loss / (1 - conditions.loss)
    let chance = Double.random(in: 0..<1, using: &random)
    isInBurst = isInBurst ? chance >= leave : chance < enter
    return isInBurst
  }
}
