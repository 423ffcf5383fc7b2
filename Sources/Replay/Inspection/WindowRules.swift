import RTMP

/// Whether each side acknowledges what it gets as often as the other asked for (spec 5.4.3, 5.4.4).
///
/// What is on its way is not yet acknowledged, and a recording does not show when it came: so a side has two windows.
struct WindowRules {
  private struct Direction {
    /// What the sender asked for; nil before it did.
    var window: UInt32?
    /// Bytes sent by the time of the latest acknowledgement, or of the question.
    var acknowledged = 0
  }

  private var client = Direction()
  private var server = Direction()

  /// Takes a message in; what is found is the side's that should have acknowledged.
  mutating func take(_ entry: SessionTrace.Entry) -> [(Finding.Rule, SessionTrace.Side)] {
    switch entry.message.content {
    case .windowAcknowledgementSize(let size):
      change(entry.side) { direction in
        if direction.window == nil { direction.acknowledged = entry.sent }
        direction.window = size
      }
    case .acknowledgement:
      let sent = sent(by: entry.side == .client ? .server : .client)
      change(entry.side == .client ? .server : .client) { $0.acknowledged = sent }
    default: break
    }
    note(entry)
    return check(entry)
  }

  private var sentByClient = 0
  private var sentByServer = 0

  private func sent(by side: SessionTrace.Side) -> Int { side == .client ? sentByClient : sentByServer }

  private mutating func note(_ entry: SessionTrace.Entry) {
    if entry.side == .client { sentByClient = entry.sent } else { sentByServer = entry.sent }
  }

  private mutating func change(_ side: SessionTrace.Side, _ body: (inout Direction) -> Void) {
    if side == .client { body(&client) } else { body(&server) }
  }

  private mutating func check(_ entry: SessionTrace.Entry) -> [(Finding.Rule, SessionTrace.Side)] {
    let direction = entry.side == .client ? client : server
    guard let window = direction.window, window > 0, entry.sent - direction.acknowledged > 2 * Int(window) else {
      return []
    }
    // From here on again, so that it is counted by windows, not by messages.
    change(entry.side) { $0.acknowledged = entry.sent }
    return [(.unacknowledged(window: window), entry.side == .client ? .server : .client)]
  }
}
