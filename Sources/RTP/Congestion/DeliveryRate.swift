/// What has arrived within the last half second, by the receiver's clock.
struct DeliveryRate: Sendable {
  private var slices = [Int](repeating: 0, count: count)
  private var newest: Int64 = .min
  private var began: Int64?

  /// Notes bytes that arrived at a time in microseconds. What is older than the window counts for nothing.
  mutating func add(_ bytes: Int, at time: Int64) {
    let slice = time.flooredDivision(by: Self.slice).quotient
    if began == nil || slice > newest + Self.longestGap || slice < newest - Self.longestGap {
      slices = Array(repeating: 0, count: Self.count)
      began = slice
      newest = slice
    }
    while newest < slice {
      newest += 1
      slices[index(newest)] = 0
    }
    if slice > newest - Int64(Self.count) { slices[index(slice)] += bytes }
  }

  /// Bits a second; nil before enough was seen.
  var bitRate: Int? {
    // The newest slice is still being filled.
    guard let began, newest - began >= Int64(Self.count) / 2 else { return nil }
    let whole = Int(min(newest - began, Int64(Self.count - 1)))
    let bytes = slices.reduce(0, +) - slices[index(newest)]
    return bytes * 8 * Int(1_000_000 / Self.slice) / whole
  }

  private func index(_ slice: Int64) -> Int { Int(slice.flooredDivision(by: Int64(Self.count)).remainder) }

  private static let count = 11
  /// Microseconds.
  private static let slice: Int64 = 50_000
  /// Ten seconds in slices: beyond it, what is in the ring says nothing, and the loop over it stays short.
  private static let longestGap: Int64 = 200
}
