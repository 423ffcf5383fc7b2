import Edge
import Gateway
import NIOCore
import RTMP
import RTP
import Rooms

/// One recorded session while it is played to the gateway in virtual time: the client's side of it, and what is written
/// down. Confined to the replay's loop.
final class PlayedSession {
  /// What one session of a replay is.
  struct Part {
    let name: String
    let session: RecordedSession
    /// Microseconds from the capture's first session to this one.
    let offset: Int64
  }

  private enum Stage {
    case waiting
    case connected(ReplayedClient)
    case ended(ConnectionEnd)
  }

  private let part: Part
  private let begins: NIODeadline
  /// When the client closes: not before the recorded server said its last word, for until then it was there.
  private let closes: NIODeadline
  private let detail: CaptureRehearsal.Detail
  private var script: ReplayScript
  private var stage = Stage.waiting
  private var recorder = ConversationRecorder()
  private var tracks: [TrackMeter] = []
  private var app = ""
  /// What the client publishes on each stream.
  private var publications: [UInt32: (address: RoomAddress, number: Int)] = [:]
  private var publicationCount = 0
  /// Media time of the participant's first frame in the publication at hand, in microseconds.
  private var origin: Int64?
  private var place: CapturePlace

  init(_ part: Part, from begin: NIODeadline, detail: CaptureRehearsal.Detail) {
    self.part = part
    self.detail = detail
    begins = begin + .microseconds(part.offset)
    closes = begins + .microseconds(max(part.session.duration, part.session.answered.last?.time ?? 0))
    script = ReplayScript(part.session)
    place = CapturePlace(packet: part.session.said.first?.packet ?? 0, milliseconds: 0)
  }

  /// When the session has something to do next; nil when it waits for the gateway, or is over.
  var deadline: NIODeadline? {
    switch stage {
    case .waiting: begins
    case .connected: script.isDone ? closes : script.deadline
    case .ended: nil
    }
  }

  var isOver: Bool { if case .ended = stage { true } else { false } }

  /// Microseconds of the recording that are played.
  var progress: Int64 {
    switch stage {
    case .waiting: 0
    case .connected: place.milliseconds * 1000
    case .ended: part.session.duration
    }
  }

  /// Does the next thing that is due: one step of the client.
  func step(_ gateway: RehearsalGateway, on loop: any EventLoop) {
    switch stage {
    case .waiting: connect(to: gateway, on: loop)
    case .connected(let client):
      if script.isDone {
        client.close()
        end(.client, nil)
      } else if let bytes = script.output(at: loop.now) {
        say(bytes, to: client)
      }
    case .ended: break
    }
  }

  /// Nothing will come any more, from either side.
  func giveUp() { if !isOver { end(.gateway, "silence") } }

  private func connect(to gateway: RehearsalGateway, on loop: any EventLoop) {
    script.begin(at: begins)
    let client = gateway.connect(
      from: part.session.clientAddress, to: part.session.serverPort, by: part.session.door, on: loop,
      said: { self.hear($0) }, ended: { self.end(.gateway, $0.rawValue) })
    guard let client else { return }
    stage = .connected(client)
  }

  private func say(_ bytes: ByteBuffer, to client: ReplayedClient) {
    place = CapturePlace(packet: script.packet, milliseconds: script.milliseconds)
    recorder.clientSaid(bytes, at: place) { event in
      switch event {
      case .connect(let app): self.app = app
      case .publish(let stream, let name): publish(name, on: stream)
      case .media(let message): take(message)
      }
    }
    client.receive(bytes)
  }

  private func hear(_ bytes: ByteBuffer) {
    script.receive(bytes)
    recorder.gatewaySaid(bytes, at: place)
  }

  private func end(_ side: ConnectionEnd.Side, _ reason: String?) {
    stage = .ended(ConnectionEnd(side: side, reason: reason, place: place))
    script.end()
  }

  // MARK: Media

  private func publish(_ name: String, on stream: UInt32) {
    guard let address = RoomAddress(app: app, stream: String(name.prefix { $0 != "?" })) else { return }
    publicationCount += 1
    publications[stream] = (address, publicationCount)
    origin = nil
  }

  private func take(_ message: MediaMessage) {
    guard message.kind != .data, let (address, number) = publications[message.streamID] else { return }
    let id = TrackResult.ID(
      room: address.room, participant: address.participant, kind: message.kind == .audio ? .audio : .video,
      publication: number)
    meter(id, stream: message.streamID)?.sent(message, at: place)
  }

  private func meter(_ id: TrackResult.ID, stream: UInt32) -> TrackMeter? {
    if let meter = tracks.last(where: { $0.id == id }) { return meter }
    guard tracks.count < Self.mostTracks else { return nil }
    let meter = TrackMeter(id, stream: stream, at: place, detail: detail)
    tracks.append(meter)
    return meter
  }

  /// A frame that receivers got.
  func received(_ frame: PacketizedFrame, of place: ReplayStage.Place, _ manner: MediaOutput.Manner) {
    guard let meter = latest(place) else { return }
    let time = StreamTime.microseconds(ofTicks: frame.mediaTime, clockRate: frame.codec.clockRate)
    let origin = self.origin ?? time
    self.origin = origin
    meter.received(frame, manner, at: time - origin, self.place)
  }

  func note(obstacle: String, of place: ReplayStage.Place) { latest(place)?.obstacle = obstacle }

  private func latest(_ place: ReplayStage.Place) -> TrackMeter? {
    tracks.last { $0.id.room == place.room && $0.id.participant == place.participant && $0.id.kind == place.kind }
  }

  /// A client that publishes anew without end is cut off.
  private static let mostTracks = 512

  // MARK: Result

  func finish() -> SessionOutcome {
    let end: ConnectionEnd = if case .ended(let end) = stage { end } else { ConnectionEnd(side: .client, place: place) }
    let result = SessionResult(
      name: part.name, conversation: recorder.lines, end: end, tracks: tracks.map { $0.finish() })
    return SessionOutcome(
      result: result, duration: part.session.duration, thumbnails: tracks.flatMap(\.thumbnails))
  }
}

/// RTP ticks as media time.
enum StreamTime {
  static func microseconds(ofTicks ticks: Int64, clockRate: UInt32) -> Int64 {
    let rate = Int64(max(clockRate, 1))
    let seconds = ticks.flooredQuotient(rate)
    let (whole, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000)
    return overflow ? 0 : whole + (ticks - seconds * rate) * 1_000_000 / rate
  }
}
