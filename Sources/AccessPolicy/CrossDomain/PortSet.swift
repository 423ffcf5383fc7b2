/// The `to-ports` of a socket policy: `*`, or ports and ranges.
public struct PortSet: Sendable, Hashable, CustomStringConvertible {
  /// In order, neither overlapping nor adjacent.
  public let ranges: [ClosedRange<UInt16>]

  /// Every port.
  public static let all = PortSet([0...UInt16.max])

  /// These ports.
  public init(_ ranges: [ClosedRange<UInt16>]) {
    let set = AddressSet(ranges.map { .v4(UInt32($0.lowerBound)...UInt32($0.upperBound)) })
    self.ranges = set.v4.map { UInt16(clamping: $0.lowerBound)...UInt16(clamping: $0.upperBound) }
  }

  /// Reads `*`, `1935`, `1935,8000-8010`; nil if it is none of these.
  public init?(parsing text: String) {
    let text = text.filter { !$0.isWhitespace }
    if text == "*" {
      self = .all
      return
    }
    var ranges: [ClosedRange<UInt16>] = []
    for part in text.split(separator: ",", omittingEmptySubsequences: false) {
      let ends = part.split(separator: "-", omittingEmptySubsequences: false)
      guard (1...2).contains(ends.count), ends.allSatisfy({ $0.utf8.allSatisfy { (48...57).contains($0) } }),
        let low = UInt16(ends[0]), let high = UInt16(ends[ends.count - 1]), low <= high
      else { return nil }
      ranges.append(low...high)
    }
    self.init(ranges)
  }

  /// Whether there is none.
  public var isEmpty: Bool { ranges.isEmpty }

  /// Whether the port is one of them.
  public func contains(_ port: UInt16) -> Bool { ranges.contains { $0.contains(port) } }

  /// What a policy file from this port may grant: one from 1024 or above may not speak for ports below.
  public func grantable(from port: UInt16) -> PortSet {
    guard port >= 1024 else { return self }
    return PortSet(ranges.compactMap { $0.upperBound < 1024 ? nil : max($0.lowerBound, 1024)...$0.upperBound })
  }

  /// As it is written.
  public var description: String {
    if self == .all { return "*" }
    return ranges.map { $0.count == 1 ? "\($0.lowerBound)" : "\($0.lowerBound)-\($0.upperBound)" }
      .joined(separator: ",")
  }
}
