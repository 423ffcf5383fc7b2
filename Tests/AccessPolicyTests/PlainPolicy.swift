import Seeded

@testable import AccessPolicy

/// The rules of access in the plainest words, to compare the compiled form with.
struct PlainPolicy {
  struct Level {
    var whitelist: [AddressRange] = []
    var blacklist: [AddressRange] = []
  }

  var levels: [Level]

  func allows(_ address: IPAddress) -> Bool {
    for level in levels {
      for entry in level.blacklist where Self.covers(entry, address) { return false }
    }
    for level in levels where !level.whitelist.isEmpty {
      var isListed = false
      for entry in level.whitelist where Self.covers(entry, address) { isListed = true }
      if !isListed { return false }
    }
    return true
  }

  static func covers(_ range: AddressRange, _ address: IPAddress) -> Bool {
    switch (range, address) {
    case (.v4(let run), .v4(let value)): run.lowerBound <= value && value <= run.upperBound
    case (.v6(let run), .v6(let value)): run.lowerBound <= value && value <= run.upperBound
    default: false
    }
  }

  /// The same, compiled; the levels are all, the listener `l`, the room `r`.
  var compiled: AccessPolicy {
    let lists = levels.map { AccessLists(whitelist: .of($0.whitelist), blacklist: .of($0.blacklist)) }
    return AccessPolicy(all: lists[0], listeners: ["l": lists[1]], rooms: ["r": lists[2]])
  }
}

extension AddressList {
  static func of(_ ranges: [AddressRange]) -> AddressList {
    var builder = AddressListBuilder()
    builder.begin(file: "l")
    for (index, range) in ranges.enumerated() { builder.add(range, line: index + 1) }
    return builder.build()
  }
}

extension AddressRange {
  /// A block or a range in a small part of the space of both families, so that many overlap.
  static func random(using generator: inout SeededGenerator) -> AddressRange {
    let low = UInt32.random(in: 0...0x3FFF, using: &generator)
    let width = UInt32(1) << UInt32.random(in: 0...12, using: &generator)
    let isBlock = Bool.random(using: &generator)
    let first = isBlock ? low & ~(width - 1) : low
    let last = isBlock ? first + width - 1 : low + UInt32.random(in: 0...width, using: &generator)
    if Bool.random(using: &generator) { return .v4((0x0A00_0000 + first)...(0x0A00_0000 + last)) }
    let base: UInt128 = 0x2001_0db8 << 96
    return .v6((base + UInt128(first))...(base + UInt128(last)))
  }
}

extension IPAddress {
  static func random(using generator: inout SeededGenerator) -> IPAddress {
    let low = UInt32.random(in: 0...0x5FFF, using: &generator)
    return Bool.random(using: &generator) ? .v4(0x0A00_0000 + low) : .v6(0x2001_0db8 << 96 + UInt128(low))
  }
}
