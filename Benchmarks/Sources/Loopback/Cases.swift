import Foundation
import LoadPeers

/// The two loads, each on a fresh gateway.
struct Cases {
  let binary: String
  let publication: Publication
  let identity: ReceiverIdentity
  /// Seconds before and of what is measured.
  let settling = 2.0
  let window: Double

  struct Ingest {
    var cpuPerStreamMinute = 0.0
    var memoryPerPublisher = 0.0
    var timeToPublish = 0.0
  }

  func ingest(_ count: Int) throws -> Ingest {
    let gateway = try Gateway(binary: self.binary)
    defer { gateway.stop() }
    let scene = Scene(gateway, self.publication, self.identity)
    try scene.run(seconds: 0.5)
    let idleMemory = gateway.residentMemory
    for _ in 0..<count {
      try scene.addPublisher()
      try scene.run(seconds: 0.02)
    }
    // Longer than a group of pictures: the gateway then holds one of each.
    try scene.run(seconds: self.settling + 0.5)
    let times = scene.publishers.compactMap(\.timeToPublish).sorted()
    guard times.count == count else { throw Scene.Failure.publishersLost(count - times.count) }
    let before = gateway.cpuTime
    try scene.run(seconds: self.window)
    let result = Ingest(
      cpuPerStreamMinute: (gateway.cpuTime - before) / self.window * 60 / Double(count),
      memoryPerPublisher: (gateway.residentMemory - idleMemory) / Double(count),
      timeToPublish: Double(times[count / 2]) / 1e6)
    try scene.end()
    return result
  }

  struct FanOut {
    var cpuPerPacket = 0.0
    var packetsPerSecond = 0.0
    var memoryPerReceiver = 0.0
    var delay50 = 0.0
    var delay99 = 0.0
    var firstPicture50 = 0.0
    var firstPictureMax = 0.0
    var missing = 0
  }

  func fanOut(_ count: Int) throws -> FanOut {
    let gateway = try Gateway(binary: self.binary)
    defer { gateway.stop() }
    let scene = Scene(gateway, self.publication, self.identity)
    try scene.addPublisher()
    try scene.run(seconds: self.settling + 0.5)
    // The first receiver starts the sound's transcoder; those behind it cost what a receiver costs.
    try scene.addPlayer()
    try scene.run(seconds: 1)
    let memoryBefore = gateway.residentMemory
    for _ in 1..<count {
      try scene.addPlayer()
      // Joins fall evenly over the group of pictures of 2 s.
      try scene.run(seconds: 0.061)
    }
    try scene.run(seconds: self.settling)
    let pictures = scene.players.compactMap { player in
      player.peer.record.firstPictureAt.map { Double($0 - player.offeredAt) / 1e6 }
    }.sorted()
    guard pictures.count == count else { throw Scene.Failure.playersMissing(count - pictures.count) }
    for player in scene.players { player.peer.resetCounts() }
    let (before, start) = (gateway.cpuTime, monotonicTime())
    try scene.run(seconds: self.window)
    let seconds = Double(monotonicTime() - start) / 1e9
    let cpu = gateway.cpuTime - before
    let records = scene.players.map(\.peer.record)
    let packets = Double(records.reduce(0) { $0 + $1.packets })
    let delays = records.flatMap(\.delays).map { Double($0) / 1e6 }.sorted()
    guard packets > 0, !delays.isEmpty else { throw Scene.Failure.playersMissing(count) }
    let result = FanOut(
      cpuPerPacket: cpu / packets * 1e6, packetsPerSecond: packets / seconds,
      memoryPerReceiver: (gateway.residentMemory - memoryBefore) / Double(max(count - 1, 1)),
      delay50: delays[delays.count / 2],
      delay99: delays[delays.count * 99 / 100], firstPicture50: pictures[count / 2],
      firstPictureMax: pictures[count - 1], missing: records.reduce(0) { $0 + $1.missing + $1.rejected })
    try scene.end()
    return result
  }
}
