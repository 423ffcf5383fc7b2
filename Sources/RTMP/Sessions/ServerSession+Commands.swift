import AMF
import NIOCore

/// The client's commands: request to event, or straight to the answer.
extension ServerSession {
  mutating func receive(_ command: Command, streamID: UInt32, at now: NIODeadline) {
    switch phase {
    case .handshaking, .decidingConnect, .decidingStream, .closing:
      return
    case .awaitingConnect:
      if command.name == "connect" {
        let request = ConnectRequest(command)
        phase = .decidingConnect(
          PendingConnect(transaction: command.transaction, objectEncoding: request.objectEncoding))
        events.append(.connect(request))
      } else {
        fail(command, "connect comes first.")
      }
    case .connected:
      perform(command, streamID: streamID, at: now)
    }
  }

  private mutating func perform(_ command: Command, streamID: UInt32, at now: NIODeadline) {
    switch command.name {
    case "createStream": createStream(command)
    case "deleteStream": deleteStream(command)
    case "closeStream": closeStream(streamID)
    case "publish": publish(command, streamID: streamID)
    case "play": play(command, streamID: streamID)
    case "releaseStream": succeed(command)
    case "FCPublish":
      notice("onFCPublish", .publishStart, command.arguments.first?.stringValue ?? "")
      succeed(command)
    case "FCUnpublish":
      unpublish(command)
    case "FCSubscribe":
      notice("onFCSubscribe", .playStart, command.arguments.first?.stringValue ?? "")
      succeed(command)
    case "getStreamLength": succeed(command, with: 0)
    case "_checkbw", "checkBandwidth": checkBandwidth(command, at: now)
    case "_result", "_error": finishBandwidthCheck(command, at: now)
    case "connect": fail(command, "The connection is already made.")
    default: fail(command, "No method \(command.name.prefix(Self.longestEcho)).")
    }
  }

  /// Whether a client's call of that name is answered by anything but `NetConnection.Call.Failed`; `publish` and `play`
  /// are the owner's to decide.
  static func serves(_ call: String) -> Bool { servedCalls.contains(call) }

  private static let servedCalls: Set = [
    "createStream", "deleteStream", "closeStream", "publish", "play", "releaseStream", "FCPublish", "FCUnpublish",
    "FCSubscribe", "getStreamLength", "_checkbw", "checkBandwidth", "_result", "_error",
  ]

  /// How much of a client's own text an answer repeats.
  private static let longestEcho = 64

  // MARK: Streams

  /// One too many is a call that fails: a room's client makes a stream for each of the others and must not lose the one
  /// that it speaks by, because the room is large.
  private mutating func createStream(_ command: Command) {
    let free = streams.firstIndex { $0 == nil } ?? streams.count
    guard free < limits.maximumStreams else {
      return fail(command, "More than \(limits.maximumStreams) streams at one time.")
    }
    if free == streams.count { streams.append(nil) }
    streams[free] = NetStream()
    send(Command("_result", transaction: command.transaction, arguments: [.number(Double(free + 1))]))
  }

  /// By number, or as GStreamer has it by the name of the stream.
  private mutating func deleteStream(_ command: Command) {
    let target: UInt32?
    if let name = command.arguments.first?.stringValue {
      target = streamID(publishing: name)
    } else {
      target = command.arguments.first?.numberValue.flatMap { UInt32(exactly: $0) }
    }
    guard let target, state(of: target) != nil else { return }
    endStream(target)
    streams[Int(target) - 1] = nil
  }

  private mutating func closeStream(_ streamID: UInt32) {
    guard let name = streams.element(Int(streamID) - 1)??.publishedName else {
      endStream(streamID)
      return
    }
    endStream(streamID)
    sendStatus(.status, .unpublishSuccess, "\(name) is now unpublished.", streamID: streamID)
  }

  /// Makes the stream idle again, telling the owner what ended.
  mutating func endStream(_ streamID: UInt32) {
    switch state(of: streamID) {
    case nil, .idle: return
    case .publishAsked(let name), .publishing(let name):
      events.append(.publishEnded(streamID: streamID, name: name))
    case .playAsked, .playing:
      events.append(.playEnded(streamID: streamID))
    }
    streams[Int(streamID) - 1] = NetStream()
  }

  private func streamID(publishing name: String) -> UInt32? {
    let path = QueryItem.split(name).path
    return streams.firstIndex { $0?.publishedName == path }.map { UInt32($0 + 1) }
  }

  // MARK: Publishing and playing

  private mutating func publish(_ command: Command, streamID: UInt32) {
    guard state(of: streamID) != nil else {
      sendStatus(.error, .publishBadName, "Stream \(streamID) was not created.", streamID: streamID)
      return closeUnlessPublishing()
    }
    // `NetStream.publish(false)` ends a publication.
    if command.arguments.first?.booleanValue == false { return closeStream(streamID) }
    endStream(streamID)
    guard let name = command.arguments.first?.stringValue else {
      sendStatus(.error, .publishBadName, "A stream needs a name.", streamID: streamID)
      return closeUnlessPublishing()
    }
    let request = PublishRequest(
      streamID: streamID, name: name, kind: command.arguments.element(1)?.stringValue)
    streams[Int(streamID) - 1] = NetStream(state: .publishAsked(name: request.name))
    phase = .decidingStream(streamID)
    events.append(.publish(request))
  }

  private mutating func unpublish(_ command: Command) {
    let name = command.arguments.first?.stringValue ?? ""
    if let streamID = streamID(publishing: name) { closeStream(streamID) }
    notice("onFCUnpublish", .unpublishSuccess, name)
    succeed(command)
  }

  private mutating func play(_ command: Command, streamID: UInt32) {
    guard state(of: streamID) != nil else {
      sendStatus(.error, .playFailed, "Stream \(streamID) was not created.", streamID: streamID)
      return closeUnlessPublishing()
    }
    endStream(streamID)
    guard let name = command.arguments.first?.stringValue else {
      sendStatus(.error, .playFailed, "A stream needs a name.", streamID: streamID)
      return closeUnlessPublishing()
    }
    let request = PlayRequest(streamID: streamID, name: name, start: command.arguments.element(1)?.numberValue)
    streams[Int(streamID) - 1] = NetStream(state: .playAsked(name: request.name))
    phase = .decidingStream(streamID)
    events.append(.play(request))
  }

  // MARK: Bandwidth

  /// Some players wait for `onBWDone` before they play. librtmp asks by `_checkbw` and expects no measurement.
  private mutating func checkBandwidth(_ command: Command, at now: NIODeadline) {
    succeed(command)
    guard command.name == "checkBandwidth" else { return }
    if let call = bandwidth.start(at: now) { send(call) }
  }

  private mutating func finishBandwidthCheck(_ command: Command, at now: NIODeadline) {
    if let notice = bandwidth.finish(transaction: command.transaction, at: now) { send(notice) }
  }

  // MARK: Answers

  /// A transaction of 0 wants no answer.
  private mutating func succeed(_ command: Command, with value: AMFValue = .undefined) {
    guard command.transaction != 0 else { return }
    send(Command("_result", transaction: command.transaction, arguments: [value]))
  }

  private mutating func fail(_ command: Command, _ description: String) {
    guard command.transaction != 0 else { return }
    let status = Status(level: .error, code: .callFailed, description: description)
    send(Command("_error", transaction: command.transaction, arguments: [status.value]))
  }

  private mutating func notice(_ name: String, _ code: StatusCode, _ description: String) {
    let text = String(description.prefix(Self.longestEcho))
    send(Command(name, arguments: [Status(level: .status, code: code, description: text).value]))
  }
}

extension Array {
  /// The element at `index`; nil outside.
  func element(_ index: Int) -> Element? {
    indices.contains(index) ? self[index] : nil
  }
}
