import CAllocations
import Foundation
import LoadPeers
import NIOCore
import RTP

/// Figures without noise, compared with the limits of a file: `name limit` on each line, `#` comments.
struct Limits {
  enum Failure: Error { case notReadable(String), counterIsDead, exceeded }

  private var limits: [String: Double] = [:]
  private var isExceeded = false

  init(file: String) throws {
    for line in try String(contentsOfFile: file, encoding: .utf8).split(separator: "\n") where !line.hasPrefix("#") {
      let words = line.split(separator: " ")
      guard words.count == 2, let limit = Double(words[1]) else { throw Failure.notReadable(String(line)) }
      self.limits[String(words[0])] = limit
    }
  }

  mutating func check(_ publication: Publication, _ material: Packetising) throws {
    // A counter that does not count would pass everything.
    guard Self.allocations({ Sink.keep(malloc(4096)) }) == 1 else { throw Failure.counterIsDead }
    guard Self.bytesCopied({ Sink.copy(5000) }) == 5000 else { throw Failure.counterIsDead }
    print("| figure | measured | limit | |")
    print("| --- | --- | --- | --- |")
    try self.checkRTMP(publication)
    try self.checkRTP(material)
    let lists = try AccessLists(entries: 10_000, isIPv6: false)
    self.add("allocations-per-access-lookup", Double(Self.allocations { lists.lookUp() }) / Double(AccessLists.lookups))
    if self.isExceeded { throw Failure.exceeded }
  }

  private mutating func checkRTMP(_ publication: Publication) throws {
    // Chunks below a quarter of a read, so that no message is passed on as a slice of it.
    let small = try RecordedStream(publication, chunkSize: 128)
    let large = try RecordedStream(publication, chunkSize: 2048)
    let (inSmall, inLarge) = (try Self.allocations(of: small), try Self.allocations(of: large))
    self.add("allocations-per-rtmp-chunk", Double(inSmall - inLarge) / Double(small.chunks - large.chunks))
    self.add("allocations-per-rtmp-message", Double(inSmall) / Double(small.messages))
    var session = small.session
    try small.parse(&session)
    let copied = try Self.bytesCopied { try small.parse(&session) }
    self.add("bytes-copied-per-rtmp-byte", Double(copied) / Double(small.byteCount))
  }

  private mutating func checkRTP(_ material: Packetising) throws {
    let sending = try Sending(material)
    self.add(
      "allocations-per-rtp-packet", Double(try Self.allocations { try sending.send() }) / Double(sending.packets))
    let copied = try Self.bytesCopied { try sending.send() }
    self.add("bytes-copied-per-rtp-packet", Double(copied) / Double(sending.packets))
    var h264 = try material.h264()
    for picture in material.pictures.prefix(60) { _ = try h264.packetize(picture, mediaTime: 0) }
    let cut = try Self.allocations {
      for picture in material.pictures { _ = try h264.packetize(picture, mediaTime: 0) }
    }
    self.add("allocations-per-h264-frame", Double(cut) / Double(material.pictures.count))
    var vp8 = VP8Packetizer(firstPictureID: 0)
    self.add(
      "allocations-per-vp8-frame",
      Double(
        try Self.allocations { for picture in material.pictures { _ = try vp8.packetize(picture, mediaTime: 0) } })
        / Double(material.pictures.count))
    let sound = ByteBuffer(repeating: 1, count: 80)
    var opus = OpusPacketizer()
    self.add(
      "allocations-per-opus-frame",
      Double(try Self.allocations { for _ in 0..<100 { _ = try opus.packetize(sound, mediaTime: 0) } }) / 100)
    let batch = try Batch(sending.frames)
    batch.send()
    self.add("send-calls-per-frame-and-receiver", batch.callsPerFrameAndReceiver)
    self.add("send-calls-per-rtp-packet", Double(batch.cost.calls) / Double(batch.cost.packets))
    self.add("allocations-per-batch", Double(Self.allocations { batch.send() }))
  }

  private mutating func add(_ name: String, _ value: Double) {
    let limit = self.limits[name]
    let isHeld = limit.map { value <= $0 } ?? false
    self.isExceeded = self.isExceeded || !isHeld
    let words = limit.map { Table.number($0) } ?? "none is recorded"
    print("| \(name) | \(Table.number(value)) | \(words) | \(isHeld ? "ok" : "exceeded") |")
  }

  private static func allocations(of stream: RecordedStream) throws -> Int {
    var session = stream.session
    // The first pass takes the memory that a session keeps.
    try stream.parse(&session)
    return try self.allocations { try stream.parse(&session) }
  }

  private static func bytesCopied(_ work: () throws -> Void) rethrows -> Int {
    _ = try self.allocations(work)
    return Int(allocations_bytes_copied())
  }

  private static func allocations(_ work: () throws -> Void) rethrows -> Int {
    allocations_begin()
    do { try work() } catch {
      _ = allocations_end()
      throw error
    }
    return Int(allocations_end())
  }
}
