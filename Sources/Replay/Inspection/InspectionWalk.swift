import AMF
import RTMP

/// Goes through a session's messages once and gathers what ``SessionInspection`` tells.
struct InspectionWalk {
  private(set) var connect: [(name: String, value: String)] = []
  private(set) var commands: [SessionInspection.Line] = []
  private(set) var tracks: [TrackSummary] = []
  private(set) var findings: [Finding] = []
  private var isPublishing = false

  mutating func take(_ entry: SessionTrace.Entry) {
    switch entry.message.content {
    case .command(let name, let transaction, let object, let arguments):
      take(name, transaction, object, arguments, of: entry)
    case .media(let message): take(message, of: entry)
    case .setChunkSize(let size):
      checkPlace(of: entry)
      if size < 128 { find(.smallChunkSize(size), in: entry) }
    case .abort, .acknowledgement, .windowAcknowledgementSize, .setPeerBandwidth: checkPlace(of: entry)
    case .malformed(let error): find(.malformed(error), in: entry)
    case .unknown: find(.unknownType(entry.message.type), in: entry)
    case .userControl, .data, .sharedObject: break
    }
  }

  mutating func take(_ failure: SessionTrace.Break) {
    find(.unreadable(failure.error), packet: failure.packet, time: failure.time, side: failure.side)
  }

  mutating func finish(at session: RecordedSession) {
    guard isPublishing, let last = session.segments.last else { return }
    find(.leftWithoutClosing, packet: last.packet, time: last.time, side: .client)
  }

  private mutating func take(
    _ name: String, _ transaction: Double, _ object: AMFValue, _ arguments: [AMFValue], of entry: SessionTrace.Entry
  ) {
    if name == "connect", connect.isEmpty, let fields = object.objectValue {
      connect = fields.properties.map { ($0.key, $0.value.plainText) }
    }
    commands.append(
      SessionInspection.Line(
        milliseconds: entry.time / 1000, packet: entry.packet, side: entry.side.rawValue,
        streamID: entry.message.streamID, name: name, transaction: transaction,
        arguments: ([object] + arguments).map(\.plainText)))
    guard entry.side == .client else { return }
    switch name {
    case "publish":
      isPublishing = true
      if transaction == 0 { find(.noTransaction(command: name), in: entry) }
    case "connect", "createStream": if transaction == 0 { find(.noTransaction(command: name), in: entry) }
    case "deleteStream":
      isPublishing = false
      if arguments.first?.stringValue != nil { find(.deleteByName, in: entry) }
    case "closeStream", "FCUnpublish": isPublishing = false
    default: break
    }
  }

  private mutating func take(_ message: MediaMessage, of entry: SessionTrace.Entry) {
    if message.streamID == 0 { find(.mediaOnConnection, in: entry) }
    let known = tracks.firstIndex {
      $0.side == entry.side && $0.streamID == message.streamID && $0.kind == message.kind
    }
    let index = known ?? tracks.count
    if known == nil {
      guard tracks.count < Self.mostTracks else { return }
      tracks.append(TrackSummary(side: entry.side, streamID: message.streamID, kind: message.kind))
    }
    for rule in tracks[index].take(message) { find(rule, in: entry) }
  }

  private mutating func checkPlace(of entry: SessionTrace.Entry) {
    let message = entry.message
    guard message.chunkStream != 2 || message.streamID != 0 else { return }
    find(
      .controlOutOfPlace(type: message.type, chunkStream: message.chunkStream, streamID: message.streamID), in: entry)
  }

  private mutating func find(_ rule: Finding.Rule, in entry: SessionTrace.Entry) {
    find(rule, packet: entry.packet, time: entry.time, side: entry.side)
  }

  /// What is found over and over is counted, not listed.
  private mutating func find(_ rule: Finding.Rule, packet: Int, time: Int64, side: SessionTrace.Side) {
    if let index = findings.firstIndex(where: { $0.side == side.rawValue && $0.rule.isAlike(rule) }) {
      findings[index].count += 1
    } else {
      findings.append(Finding(packet: packet, milliseconds: time / 1000, side: side.rawValue, rule: rule))
    }
  }

  /// Stream ids come from outside; no client has so many.
  private static let mostTracks = 256
}

extension Finding.Rule {
  /// The same rule, whatever the numbers.
  fileprivate func isAlike(_ other: Finding.Rule) -> Bool {
    switch (self, other) {
    case (.backwards(let kind, _, _), .backwards(let otherKind, _, _)): kind == otherKind
    case (.damagedMedia(let kind, _), .damagedMedia(let otherKind, _)): kind == otherKind
    case (.malformed(let error), .malformed(let otherError)): error.reason == otherError.reason
    default: self == other
    }
  }
}
