import NIOCore
import RTMP
import Rooms

@testable import Edge
@testable import Gateway

/// Audit records of sessions at times that a test chooses, as a gateway writes them.
struct AuditRecordWriter {
  let now: LogTime
  private(set) var lines: [[UInt8]] = []
  private var chain = AuditChain()

  /// How long the sessions of ``session`` last, in days.
  static let stay = 1.0 / 1440

  init(now: LogTime) { self.now = now }

  func time(_ daysAgo: Double) -> LogTime { LogTime(milliseconds: now.milliseconds - Int64(daysAgo * 86_400_000)) }

  mutating func append(_ event: AuditEvent, daysAgo: Double) {
    lines.append(Array(chain.append(event, at: time(max(0, daysAgo))).utf8.dropLast()))
  }

  /// Connect, entry and end of one.
  mutating func session(
    _ id: Int, daysAgo: Double, way: String, listener: String = "0.0.0.0:1935", room: String, name: String,
    player: String? = nil, tls: String? = nil, audio: Set<String> = [], video: Set<String> = [], reorders: Bool = false
  ) {
    connect(id, daysAgo: daysAgo, way: way, listener: listener, player: player, tls: tls)
    join(id, daysAgo: daysAgo, way: way, listener: listener, room: room, name: name, player: player, tls: tls)
    departed(
      id, daysAgo: daysAgo - Self.stay, way: way, listener: listener, room: room, name: name, audio: audio,
      video: video, reorders: reorders)
  }

  mutating func connect(
    _ id: Int, daysAgo: Double, way: String, listener: String = "0.0.0.0:1935", address: String = "192.0.2.1",
    player: String? = nil, tls: String? = nil
  ) {
    var request = EntryRequest(
      step: .connect, session: UInt64(id), door: way, listener: listener, address: address, room: nil)
    request.player = player
    request.tls = tls
    append(.session(request, .allowed(Admittance())), daysAgo: daysAgo)
  }

  mutating func join(
    _ id: Int, daysAgo: Double, way: String, listener: String = "0.0.0.0:1935", room: String, name: String,
    player: String? = nil, tls: String? = nil
  ) {
    var request = Self.request(id, way: way, listener: listener, room: room, name: name)
    request.player = player
    request.tls = tls
    append(.session(request, .allowed(Admittance())), daysAgo: daysAgo)
  }

  mutating func denied(daysAgo: Double, way: String, listener: String) {
    let request = Self.request(1, way: way, listener: listener, room: "board", name: "mallory")
    append(.session(request, .denied(Denial(.notAllowed))), daysAgo: daysAgo)
  }

  mutating func differs(_ id: Int, daysAgo: Double, _ difference: ForwardedDifference) {
    append(.shadow(Self.live(id, way: "rtmp"), difference), daysAgo: daysAgo)
  }

  mutating func departed(
    _ id: Int, daysAgo: Double, way: String, listener: String = "0.0.0.0:1935", address: String = "192.0.2.1",
    room: String? = nil, name: String? = nil, audio: Set<String> = [], video: Set<String> = [], reorders: Bool = false,
    isShadowed: Bool = false
  ) {
    var traits = SessionTraits()
    traits.audio = audio
    traits.video = video
    traits.reordersPictures = reorders
    traits.isShadowed = isShadowed
    append(
      .departed(Self.live(id, way: way, listener: listener, address: address, room: room, name: name, traits)),
      daysAgo: daysAgo)
  }

  static func request(
    _ id: Int, way: String, listener: String = "0.0.0.0:1935", room: String, name: String
  ) -> EntryRequest {
    EntryRequest(
      session: UInt64(id), door: way, listener: listener, address: "192.0.2.1", room: room, name: name, role: .speaker)
  }

  private static func live(
    _ id: Int, way: String, listener: String = "0.0.0.0:1935", address: String = "192.0.2.1", room: String? = nil,
    name: String? = nil, _ traits: SessionTraits = SessionTraits()
  ) -> LiveSession {
    let entry = EntryRequest(
      session: UInt64(id), door: way, listener: listener, address: address, room: room, name: name, role: .speaker)
    return LiveSession(
      identity: SessionIdentity(id: UInt64(id), door: way, listener: listener, address: address), state: .connected,
      entry: Entry(entry, by: Admittance()), traits: traits, began: .now())
  }
}
