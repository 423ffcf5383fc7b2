import NIOCore
import RTMP
import Rooms

/// What is seen of the conversation that goes through.
extension ShadowedConnection {
  private static let mostNoted = 64

  func handleEvents() {
    let now = NIODeadline.now()
    while isForwarding, let event = session.next() {
      switch event {
      case .media(let message): speaker.receive(message, receivedAt: now)
      case .publish(let request):
        speaker.publish(request, on: transport.eventLoop) { self.decided($0, request.streamID) }
      case .play(let request): speaker.play(request, on: transport.eventLoop) { self.decided($0, request.streamID) }
      case .publishEnded(let streamID, _): speaker.ended(streamID)
      case .connectAnswered(let code): compare(.connect, code, .connectSuccess)
      case .publishAnswered(let streamID, let code): speaker.answered(streamID, code)
      case .playAnswered(_, let code): compare(.play, code, RTMPConnection.answerToPlay)
      case .differs(let difference): note(difference)
      case .unreadable(let error): unreadable(error)
      case .answersLost(let error):
        log.info("the old server's answers cannot be followed any more", metadata: ["reason": "\(error)"])
      case .lost(let error): lost(error)
      }
    }
    for difference in speaker.takeDifferences() { note(difference) }
  }

  /// The gate has decided on a `publish` or `play` that waits.
  private func decided(_ denial: Denial?, _ streamID: UInt32) {
    guard isForwarding else { return }
    if let denial { return refuse(denial, code: .publishBadName, streamID: streamID) }
    do throws(RTMPError) {
      try session.release()
    } catch {
      return cut(.protocolError, "\(error)")
    }
    handleEvents()
    pumpToServer()
  }

  /// The conversation cannot be followed any more: the room loses the speaker, and the old server nothing.
  private func lost(_ error: RTMPError) {
    log.warning("shadowed session cannot be followed any more", metadata: ["reason": "\(error)"])
    shadows.metrics.publications("lost").add()
    speaker.end(.broken)
    unreadable(error)
  }

  /// Where a key is needed, what cannot be read may be a wish to come in and cannot be let through.
  private func unreadable(_ error: RTMPError) {
    if shadows.needsKey(choice), !speaker.isIn { cut(.protocolError, "\(error)") }
  }

  private func compare(_ kind: ForwardedDifference.Kind, _ old: StatusCode, _ new: StatusCode) {
    if old != new { note(ForwardedDifference(kind, old: old.rawValue, new: new.rawValue)) }
  }

  private func note(_ difference: ForwardedDifference) {
    guard noted.count < Self.mostNoted, noted.insert(difference).inserted else { return }
    shadows.metrics.differences(difference.kind.rawValue).add()
    log.info(
      "old server and gateway differ",
      metadata: ["command": "\(difference.command)", "old": "\(difference.old)", "new": "\(difference.new)"])
    if let live = services.sessions[identity] { shadows.differs(live, difference) }
  }
}
