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

  func ingest(_ count: Int, by way: Scene.Way = .rtmp) throws -> Ingest {
    let gateway = try Gateway(binary: self.binary)
    defer { gateway.stop() }
    let scene = Scene(gateway, self.publication, self.identity)
    try scene.run(seconds: 0.5)
    let idleMemory = gateway.residentMemory
    for _ in 0..<count {
      try scene.addPublisher(by: way)
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

  /// What a publisher of sound alone takes, bytes: all that is there beside a group of pictures.
  func memoryWithoutPictures(_ count: Int) throws -> Double {
    let cases = Cases(
      binary: self.binary, publication: self.publication.soundAlone, identity: self.identity, window: 1)
    return try cases.ingest(count).memoryPerPublisher
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
    /// Share of the time that a thread of the gateway could have run and had no core.
    var waited = 0.0
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
    let (before, waited, start) = (gateway.cpuTime, gateway.waitTime, monotonicTime())
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
      firstPictureMax: pictures[count - 1], missing: records.reduce(0) { $0 + $1.missing + $1.rejected },
      waited: (gateway.waitTime - waited) / seconds)
    try scene.end()
    return result
  }

  struct Together {
    var cpuShare = 0.0
    var packets = 0
    var missing = 0
    var delay50 = 0.0
    var delay99 = 0.0
  }

  /// Many publishers and many receivers, who are spread evenly over them, for so many seconds.
  func together(publishers: Int, receivers: Int, seconds: Double) throws -> Together {
    let gateway = try Gateway(binary: self.binary)
    defer { gateway.stop() }
    let scene = Scene(gateway, self.publication, self.identity)
    for _ in 0..<publishers {
      try scene.addPublisher()
      try scene.run(seconds: 0.02)
    }
    try scene.run(seconds: 0.5)
    for index in 0..<receivers {
      try scene.addPlayer(of: index % publishers)
      try scene.run(seconds: 0.061)
    }
    try scene.run(seconds: self.settling)
    for player in scene.players { player.peer.resetCounts() }
    let before = gateway.cpuTime
    try scene.run(seconds: seconds)
    let records = scene.players.map(\.peer.record)
    let delays = records.flatMap(\.delays).map { Double($0) / 1e6 }.sorted()
    guard !delays.isEmpty, records.allSatisfy({ $0.packets > 0 }) else {
      throw Scene.Failure.playersMissing(records.count { $0.packets == 0 })
    }
    let result = Together(
      cpuShare: (gateway.cpuTime - before) / seconds, packets: records.reduce(0) { $0 + $1.packets },
      missing: records.reduce(0) { $0 + $1.missing + $1.rejected }, delay50: delays[delays.count / 2],
      delay99: delays[delays.count * 99 / 100])
    try scene.end()
    return result
  }
}
