import AMF
import RTMP

/// Goes through a session's messages once and gathers what ``SessionInspection`` tells.
struct InspectionWalk {
  private(set) var connect: [(name: String, value: String)] = []
  private(set) var commands: [SessionInspection.Line] = []
  private(set) var tracks: [TrackSummary] = []
  private(set) var findings: [Finding] = []
  private var calls = CallRules()
  private var windows = WindowRules()

  mutating func take(_ entry: SessionTrace.Entry) {
    for (rule, side) in windows.take(entry) { find(rule, in: entry, side: side) }
    checkChunkStream(of: entry)
    switch entry.message.content {
    case .command(let name, let transaction, let object, let arguments):
      take(name, transaction, object, arguments, of: entry)
    case .media(let message): take(message, of: entry)
    case .setChunkSize(let size):
      if size < 128 { find(.smallChunkSize(size), in: entry) }
      if size > 0xFF_FFFF { find(.largeChunkSize(size), in: entry) }
    case .malformed(let error): find(.malformed(error), in: entry)
    case .unknown: find(.unknownType(entry.message.type), in: entry)
    case .userControl(let event):
      if !Self.knownEvents.contains(event) { find(.unknownUserControl(event: event), in: entry) }
    case .abort, .acknowledgement, .windowAcknowledgementSize, .setPeerBandwidth, .data, .sharedObject: break
    }
  }

  mutating func take(_ failure: SessionTrace.Break) {
    find(
      .unreadable(failure.error), packet: failure.packet, offset: failure.offset, time: failure.time,
      side: failure.side)
  }

  mutating func finish(at session: RecordedSession) {
    guard calls.isPublishing, let last = session.said.last else { return }
    find(.leftWithoutClosing, packet: last.packet, offset: last.offset, time: last.time, side: .client)
  }

  /// What was found of the handshake, which is no message.
  mutating func take(_ rule: Finding.Rule, of segment: RecordedSession.Segment, side: SessionTrace.Side) {
    find(rule, packet: segment.packet, offset: segment.offset, time: segment.time, side: side)
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
    let call = CallRules.Call(
      side: entry.side, name: name, transaction: transaction, object: object, arguments: arguments,
      streamID: entry.message.streamID)
    for rule in calls.take(call) { find(rule, in: entry) }
  }

  private mutating func take(_ message: MediaMessage, of entry: SessionTrace.Entry) {
    if message.streamID == 0 {
      find(.mediaOnConnection, in: entry)
    } else if entry.side == .client, !calls.isPublished(message.streamID) {
      find(.unpublishedMedia(streamID: message.streamID), in: entry)
    }
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

  /// Protocol control goes on chunk stream 2 and message stream 0, and nothing else does (spec 5.4, 5.3.1.1, 7.1.7).
  private mutating func checkChunkStream(of entry: SessionTrace.Entry) {
    let message = entry.message
    guard Self.controlTypes.contains(message.type) else {
      if message.chunkStream == 2 { find(.reservedChunkStream(type: message.type), in: entry) }
      return
    }
    guard message.chunkStream != 2 || message.streamID != 0 else { return }
    // A malformed one is named as that.
    if case .malformed = message.content { return }
    find(
      .controlOutOfPlace(type: message.type, chunkStream: message.chunkStream, streamID: message.streamID), in: entry)
  }

  private mutating func find(_ rule: Finding.Rule, in entry: SessionTrace.Entry, side: SessionTrace.Side? = nil) {
    find(rule, packet: entry.packet, offset: entry.offset, time: entry.time, side: side ?? entry.side)
  }

  /// What is found over and over is counted, not listed.
  private mutating func find(_ rule: Finding.Rule, packet: Int, offset: Int, time: Int64, side: SessionTrace.Side) {
    if let index = findings.firstIndex(where: { $0.side == side.rawValue && $0.rule.isAlike(rule) }) {
      findings[index].count += 1
    } else {
      findings.append(
        Finding(packet: packet, offset: offset, milliseconds: time / 1000, side: side.rawValue, rule: rule))
    }
  }

  /// Stream ids come from outside; no client has so many.
  private static let mostTracks = 256
  private static let controlTypes: Set<UInt8> = [1, 2, 3, 4, 5, 6]
  /// Those of the specification, and those of Flash Media Server: buffer empty and ready, SWF verification.
  private static let knownEvents: Set<UInt16> = [0, 1, 2, 3, 4, 6, 7, 26, 27, 31, 32]
}

extension Finding.Rule {
  /// The same rule, whatever the numbers.
  fileprivate func isAlike(_ other: Finding.Rule) -> Bool {
    switch (self, other) {
    case (.backwards(let kind, _, _), .backwards(let otherKind, _, _)): kind == otherKind
    case (.damagedMedia(let kind, _), .damagedMedia(let otherKind, _)): kind == otherKind
    case (.malformed(let error), .malformed(let otherError)): error.reason == otherError.reason
    case (.answerWithoutCall, .answerWithoutCall), (.unacknowledged, .unacknowledged): true
    default: self == other
    }
  }
}
