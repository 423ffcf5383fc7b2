import Glibc

/// What the doors cost beside media: sessions that say nothing, and a change of the rules among many.
extension Cases {
  /// Bytes of the gateway for each tunnelled client that was let in and only polls.
  func idleTunnels(_ count: Int) throws -> Double {
    let gateway = try Gateway(binary: self.binary)
    defer { gateway.stop() }
    let scene = Scene(gateway, self.publication, self.identity)
    // The first ones start what all share.
    for _ in 0..<10 { try scene.addPublisher(by: .rtmpt, isSilent: true) }
    try scene.awaitConsent()
    try scene.run(seconds: 1)
    let before = gateway.residentMemory
    for index in 0..<count {
      try scene.addPublisher(by: .rtmpt, isSilent: true)
      // One address may have few that are not let in yet.
      if index % 8 == 7 { try scene.awaitConsent() }
    }
    try scene.awaitConsent()
    try scene.run(seconds: 3)
    let memory = gateway.residentMemory - before
    try scene.end()
    return memory / Double(count)
  }

  struct Cut {
    var p50 = 0.0
    var p99 = 0.0
    var max = 0.0
  }

  /// Milliseconds from the signal to the end of each connection that may stay no longer, half of so many that stand;
  /// the other half must stay.
  func cut(_ count: Int) throws -> Cut {
    let gateway = try Gateway(binary: self.binary)
    defer { gateway.stop() }
    let scene = Scene(gateway, self.publication, self.identity)
    for index in 0..<count {
      // 127.0.1.0/24 stays, 127.0.2.0/24 goes.
      try scene.addPublisher(isSilent: true, from: 0x7F00_0101 + UInt32(index % 2) << 8 + UInt32(index / 2 % 200))
      if index % 20 == 19 { try scene.awaitConsent() }
    }
    try scene.awaitConsent()
    try scene.run(seconds: 1)
    try gateway.refuse(["127.0.2.0/24"])
    let asked = monotonicTime()
    gateway.reload()
    try scene.run(seconds: 3, expectsLosses: true)
    let ends = scene.publishers.enumerated().map { (isRefused: $0 % 2 == 1, lostAt: $1.lostAt) }
    guard ends.allSatisfy({ $0.isRefused == ($0.lostAt != nil) }) else {
      throw Scene.Failure.publishersLost(ends.count { $0.isRefused != ($0.lostAt != nil) })
    }
    let times = ends.compactMap { $0.lostAt.map { Double($0 - asked) / 1e6 } }.sorted()
    return Cut(p50: times[times.count / 2], p99: times[times.count * 99 / 100], max: times[times.count - 1])
  }
}
