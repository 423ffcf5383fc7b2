import CSandbox

/// What could not be done to take a worker process its rights; empty when all was done.
public struct Confinement: OptionSet, Sendable, Hashable, CustomStringConvertible {
  /// The bits, as `fg_sandbox_enter` gives them.
  public let rawValue: UInt8

  /// Takes the bits; unknown ones are kept.
  public init(rawValue: UInt8) { self.rawValue = rawValue }

  /// The process has no limits on memory and descriptors.
  public static let limits = Confinement(rawValue: UInt8(FG_WITHOUT_LIMITS.rawValue))
  /// Its system calls are not filtered: the kernel or an outer sandbox refuses it.
  public static let filter = Confinement(rawValue: UInt8(FG_WITHOUT_FILTER.rawValue))

  /// What is missing, for a log.
  public var description: String {
    if self.isEmpty { return "nothing" }
    let names = [(Self.limits, "resource limits"), (.filter, "the system call filter")]
    return names.filter { self.contains($0.0) }.map(\.1).joined(separator: " and ")
  }

  /// Confines the calling process, for good.
  static func enter(addressSpace: UInt64) -> Confinement {
    Confinement(rawValue: UInt8(truncatingIfNeeded: fg_sandbox_enter(addressSpace)))
  }
}
