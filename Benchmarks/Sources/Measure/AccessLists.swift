import AccessPolicy
import Foundation
import Glibc

/// Address lists: loading them, and what each connection pays to be looked up.
struct AccessLists {
  enum Failure: Error { case noFile }

  /// Entries, and whether IPv6; a third are blocks, a tenth has a comment.
  private let list: AddressList
  private let addresses: [IPAddress]

  /// Lookups of one run.
  static let lookups = 1 << 16

  init(entries: Int, isIPv6: Bool) throws {
    self.list = try Self.withFile(entries: entries, isIPv6: isIPv6) { try AddressList.load([$0]) }
    var random = SplitMix()
    self.addresses = (0..<Self.lookups).map { _ in Self.address(isIPv6: isIPv6, &random) }
  }

  static func measure(_ watch: Stopwatch) throws {
    for (family, isIPv6) in [("IPv4", false), ("IPv6", true)] {
      for entries in [100_000, 1_000_000] {
        let lists = try AccessLists(entries: entries, isIPv6: isIPv6)
        let reading = try watch.read({ lists.lookUp() })
        Table.add("Access:Look up in \(entries) of \(family)", reading, count: Self.lookups, unit: "address")
      }
      try self.measureLoading(1_000_000, family: family, isIPv6: isIPv6)
    }
  }

  func lookUp() {
    var hits = 0
    for address in self.addresses where self.list.contains(address) { hits += 1 }
    withExtendedLifetime(hits) {}
  }

  private static func measureLoading(_ entries: Int, family: String, isIPv6: Bool) throws {
    try self.withFile(entries: entries, isIPv6: isIPv6) { file in
      try? "5".write(toFile: "/proc/self/clear_refs", atomically: false, encoding: .utf8)
      let before = self.residentBytes()
      let kept = try AddressList.load([file])
      let (grown, peak) = (self.residentBytes() - before, self.peakBytes() - before)
      let reading = try Stopwatch(rounds: 3).read({ _ = try AddressList.load([file]) })
      Table.add(
        "Access:Load \(entries) of \(family)", reading, count: 1, unit: "list",
        note:
          ", \(Table.number(Double(grown) / 1e6)) MB kept for \(kept.count), \(Table.number(Double(peak) / 1e6)) MB at most"
      )
    }
  }

  private static func withFile<Result>(
    entries: Int, isIPv6: Bool, _ body: (String) throws -> Result
  ) throws -> Result {
    let path = FileManager.default.temporaryDirectory.appending(path: "list-\(UUID().uuidString)").path
    defer { unlink(path) }
    var random = SplitMix()
    var text = ""
    for index in 0..<entries {
      let address = self.address(isIPv6: isIPv6, &random)
      text += index % 3 == 0 ? "\(address)/\(isIPv6 ? 64 : 28)" : "\(address)"
      text += index % 10 == 0 ? " # ticket \(index)\n" : "\n"
    }
    guard FileManager.default.createFile(atPath: path, contents: Data(text.utf8)) else { throw Failure.noFile }
    return try body(path)
  }

  private static func address(isIPv6: Bool, _ random: inout SplitMix) -> IPAddress {
    guard isIPv6 else { return IPAddress(ipv4: UInt32(truncatingIfNeeded: random.next())) }
    return IPAddress(ipv6: UInt128(0x2001) << 112 | UInt128(random.next() >> 16) << 64 | UInt128(random.next()))
  }

  /// The most memory in RAM since the kernel was told to forget the most before.
  private static func peakBytes() -> Int {
    let status = (try? String(contentsOfFile: "/proc/self/status", encoding: .utf8)) ?? ""
    for line in status.split(separator: "\n") where line.hasPrefix("VmHWM:") {
      return (line.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0) * 1024
    }
    return 0
  }

  private static func residentBytes() -> Int {
    let pages = (try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8))?.split(separator: " ")
    return (pages.flatMap { $0.count > 1 ? Int($0[1]) : nil } ?? 0) * Int(getpagesize())
  }
}

/// The same numbers on every run.
private struct SplitMix {
  private var state: UInt64 = 1

  mutating func next() -> UInt64 {
    self.state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = self.state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }
}
