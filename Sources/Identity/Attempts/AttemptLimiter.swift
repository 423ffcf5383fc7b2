import NIOCore

/// Makes guessing slow: after some wrong keys from one address, or for one room, the next try must wait, each time
/// twice as long.
///
/// Time is an argument. Memory is bounded: of more addresses than it keeps, it forgets those that failed longest ago.
public struct AttemptLimiter: Sendable {
  /// How patient it is.
  public struct Limits: Sendable {
    /// Wrong keys from one address (IPv6: one /64) that cost nothing.
    public var freePerAddress = 20
    /// Wrong keys for one room, from wherever, that cost nothing.
    public var freePerRoom = 200
    /// The first wait.
    public var firstDelay = TimeAmount.seconds(1)
    /// The longest wait of an address.
    public var longestDelay = TimeAmount.minutes(5)
    /// The longest wait for a room: those with good keys must come in while somebody guesses.
    public var longestRoomDelay = TimeAmount.seconds(2)
    /// After so long without a wrong key all is forgotten.
    public var memory = TimeAmount.minutes(15)
    /// Addresses kept.
    public var addresses = 10_000
    /// Rooms kept.
    public var rooms = 1_000

    /// The usual limits.
    public init() {}
  }

  private let limits: Limits
  private var addresses: FailureTable
  private var rooms: FailureTable

  /// A limiter that has seen nothing.
  public init(limits: Limits = Limits()) {
    self.limits = limits
    addresses = FailureTable(capacity: limits.addresses)
    rooms = FailureTable(capacity: limits.rooms)
  }

  /// How long this address must wait before a key of it is looked at; nil: not at all.
  public func wait(address: String, room: String, at now: NIODeadline) -> TimeAmount? {
    let until = max(
      addresses.blocked(AttemptOrigin.of(address), at: now), rooms.blocked(room, at: now))
    return until > now ? until - now : nil
  }

  /// A key was wrong.
  public mutating func failed(address: String, room: String, at now: NIODeadline) {
    addresses.failed(
      AttemptOrigin.of(address), free: limits.freePerAddress, first: limits.firstDelay,
      longest: limits.longestDelay, memory: limits.memory, at: now)
    rooms.failed(
      room, free: limits.freePerRoom, first: limits.firstDelay, longest: limits.longestRoomDelay,
      memory: limits.memory, at: now)
  }

  /// How many addresses and rooms are remembered.
  var size: (addresses: Int, rooms: Int) { (addresses.count, rooms.count) }
}
