import AMF

/// The rules of calls and their answers (spec 7.1.1, 7.2), as far as a recording shows them.
struct CallRules {
  struct Call {
    let side: SessionTrace.Side
    let name: String
    let transaction: Double
    let object: AMFValue
    let arguments: [AMFValue]
    let streamID: UInt32
  }

  private struct Question: Hashable {
    let side: SessionTrace.Side
    let transaction: Double
  }

  /// Calls are remembered for their answers; a flood of them is not.
  private static let mostQuestions = 4096
  private static let answers: Set = ["_result", "_error"]
  private static let streamCalls: Set = ["publish", "play", "play2"]

  private var isConnected = false
  private var hasCreatedStream = false
  private var published: Set<UInt32> = []
  private var everPublished: Set<UInt32> = []
  private var questions: Set<Question> = []

  /// Whether the client has begun to publish and not ended it.
  var isPublishing: Bool { !published.isEmpty }

  /// Whether the client has ever published on a stream. Media behind the end is on its way still.
  func isPublished(_ streamID: UInt32) -> Bool { everPublished.contains(streamID) }

  mutating func take(_ call: Call) -> [Finding.Rule] {
    if Self.answers.contains(call.name) { return answer(call) }
    if call.transaction != 0, questions.count < Self.mostQuestions {
      questions.insert(Question(side: call.side, transaction: call.transaction))
    }
    guard call.side == .client else { return [] }
    var rules: [Finding.Rule] = []
    if call.name == "connect" {
      rules = connect(call)
    } else if !isConnected {
      rules.append(.beforeConnect(command: call.name))
    }
    switch call.name {
    case "connect", "createStream", "publish":
      if call.transaction == 0 { rules.append(.noTransaction(command: call.name)) }
    case "deleteStream": if call.arguments.first?.stringValue != nil { rules.append(.deleteByName) }
    default: break
    }
    if call.name == "createStream" { hasCreatedStream = true }
    if Self.streamCalls.contains(call.name), !hasCreatedStream || call.streamID == 0 {
      rules.append(.noStream(command: call.name, streamID: call.streamID))
    }
    follow(call)
    return rules
  }

  private mutating func connect(_ call: Call) -> [Finding.Rule] {
    var rules: [Finding.Rule] = []
    if isConnected { rules.append(.connectedTwice) }
    isConnected = true
    if call.streamID != 0 { rules.append(.connectOffConnection(streamID: call.streamID)) }
    for field in ["app", "tcUrl"] where call.object.objectValue?[field]?.stringValue == nil {
      rules.append(.connectFieldMissing(field))
    }
    return rules
  }

  /// A call may be answered once; `createStream` twice by some servers, which is not looked at.
  private func answer(_ call: Call) -> [Finding.Rule] {
    let asker: SessionTrace.Side = call.side == .client ? .server : .client
    guard !questions.contains(Question(side: asker, transaction: call.transaction)),
      questions.count < Self.mostQuestions
    else { return [] }
    return [.answerWithoutCall(name: call.name, transaction: call.transaction)]
  }

  private mutating func follow(_ call: Call) {
    switch call.name {
    case "publish":
      published.insert(call.streamID)
      everPublished.insert(call.streamID)
    // `FCUnpublish` names no stream, and `deleteStream` may name it wrongly: the client means what it has.
    case "deleteStream", "closeStream", "FCUnpublish": published.removeAll()
    default: break
    }
  }
}
