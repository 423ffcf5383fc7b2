import AMF
import NIOCore

/// The owner's decisions. Each does nothing when nothing of its kind is waiting for one.
extension ServerSession {
  /// What we say we are, in the form clients take apart.
  private static let serverVersion = "FMS/3,5,7,1"
  /// As Adobe's servers say; undocumented bits.
  private static let capabilities = 31
  /// Our outgoing chunk size: few headers, and an interleaved message waits for at most 4 KiB.
  static let outgoingChunkSize: UInt32 = 4096

  /// Lets the client in. Everything it waits for goes out in one batch, for each further write could cost a client with
  /// delayed acknowledgements 40 ms.
  public mutating func acceptConnect() {
    guard case .decidingConnect(let pending) = phase else { return }
    phase = .connected
    forgetOpening()
    link.reader.maximumMessageLength = limits.maximumMessageLength
    link.send(.windowAcknowledgementSize(AcknowledgementWindow.usual))
    link.send(.setPeerBandwidth(AcknowledgementWindow.usual, limitType: 2))
    link.send(.setChunkSize(Self.outgoingChunkSize))
    link.send(.streamBegin(0))
    var information = Status(level: .status, code: .connectSuccess, description: "Connection succeeded.").properties
    information.append(.init(key: "objectEncoding", value: .number(Double(pending.objectEncoding.rawValue))))
    send(
      Command(
        "_result", transaction: pending.transaction,
        object: [
          "fmsVer": .string(Self.serverVersion), "capabilities": .number(Double(Self.capabilities)), "mode": 1,
        ],
        arguments: [.object(AMFObject(AMFProperties(information)))]))
    send(Command("onBWDone"))
    resume()
  }

  /// Refuses the client with an `_error` and closes.
  ///
  /// - Parameter description: shown by some clients; names the kind of reason and no secret.
  public mutating func rejectConnect(code: StatusCode = .connectRejected, description: String) {
    guard case .decidingConnect(let pending) = phase else { return }
    let status = Status(level: .error, code: code, description: description)
    send(Command("_error", transaction: pending.transaction, arguments: [status.value]))
    close()
  }

  /// Lets the client publish what it asked for on this stream.
  public mutating func acceptPublish(streamID: UInt32) {
    guard case .publishAsked(let name) = state(of: streamID) else { return }
    phase = .connected
    streams[Int(streamID) - 1] = NetStream(state: .publishing(name: name))
    link.send(.streamBegin(streamID))
    sendStatus(.status, .publishStart, "\(name) is now published.", streamID: streamID)
    resume()
  }

  /// Refuses to publish and closes: librtmp waits for the close, not for the answer. What the client publishes on another
  /// stream goes on, and so does the session.
  public mutating func rejectPublish(
    streamID: UInt32, code: StatusCode = .publishBadName, description: String
  ) {
    guard case .publishAsked = state(of: streamID) else { return }
    streams[Int(streamID) - 1] = NetStream()
    phase = .connected
    sendStatus(.error, code, description, streamID: streamID)
    closeUnlessPublishing()
    resume()
  }

  /// Ends a publication from our side, and the session with it: what encoders understand as the end is the close.
  public mutating func endPublication(
    streamID: UInt32, code: StatusCode = .publishBadName, description: String
  ) {
    guard case .publishing = state(of: streamID) else { return }
    sendStatus(.error, code, description, streamID: streamID)
    close()
  }

  /// Tells a publisher that not all is well; the publication goes on.
  ///
  /// A warning and not an error: ffmpeg ends at the first status of level `error`, and all its media with it.
  public mutating func warnPublisher(streamID: UInt32, code: StatusCode, description: String) {
    guard case .publishing = state(of: streamID) else { return }
    sendStatus(.warning, code, description, streamID: streamID)
  }

  /// Lets the client play what it asked for on this stream; `send(_:)` carries the media.
  public mutating func acceptPlay(streamID: UInt32) {
    guard case .playAsked(let name) = state(of: streamID) else { return }
    phase = .connected
    streams[Int(streamID) - 1] = NetStream(state: .playing(name: name))
    link.send(.streamBegin(streamID))
    sendStatus(.status, .playReset, "Playing and resetting \(name).", streamID: streamID)
    sendStatus(.status, .playStart, "Started playing \(name).", streamID: streamID)
    resume()
  }

  /// Refuses to play. The session goes on: old meeting rooms play the others on the connection that they publish by.
  public mutating func rejectPlay(
    streamID: UInt32, code: StatusCode = .playStreamNotFound, description: String
  ) {
    guard case .playAsked = state(of: streamID) else { return }
    streams[Int(streamID) - 1] = NetStream()
    phase = .connected
    sendStatus(.error, code, description, streamID: streamID)
    resume()
  }

  /// Ends the session from our side, telling the client why: that the server goes down, unless another code is given.
  public mutating func shutDown(code: StatusCode = .connectAppShutdown, description: String) {
    switch phase {
    case .handshaking, .awaitingConnect, .closing: break
    case .decidingConnect: rejectConnect(code: code, description: description)
    case .connected, .decidingStream: sendStatus(.error, code, description, streamID: 0)
    }
    close()
  }

  // MARK: Sending

  /// What is wrong with one stream must not take another one's publication along.
  mutating func closeUnlessPublishing() {
    let isPublishing = streams.contains { stream in
      if case .publishing? = stream?.state { true } else { false }
    }
    if !isPublishing { close() }
  }

  func state(of streamID: UInt32) -> NetStream.State? {
    let index = Int(streamID) - 1
    return streams.indices.contains(index) ? streams[index]?.state : nil
  }

  mutating func sendStatus(_ level: Status.Level, _ code: StatusCode, _ description: String, streamID: UInt32) {
    let status = Status(level: level, code: code, description: description)
    send(
      Command("onStatus", arguments: [status.value]), streamID: streamID,
      chunkStream: streamID == 0 ? OutgoingChunkStream.command : OutgoingChunkStream.status)
  }

  mutating func send(_ command: Command, streamID: UInt32 = 0, chunkStream: Int = OutgoingChunkStream.command) {
    do throws(RTMPError) {
      try link.send(command, streamID: streamID, chunkStream: chunkStream)
    } catch {
      // Our answers are made of strings, numbers and flat objects, all of which AMF0 can carry.
      assertionFailure("own command is not encodable: \(error)")
      close()
    }
  }
}
