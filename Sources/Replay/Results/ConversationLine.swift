/// One thing that a side said beside media.
public struct ConversationLine: Codable, Sendable, Hashable {
  /// Who said it.
  public enum Side: String, Codable, Sendable, Hashable {
    /// As recorded.
    case client
    /// What it was answered.
    case gateway
  }

  /// What it was.
  public enum Kind: String, Codable, Sendable, Hashable {
    /// A command: a call, its result, or a status.
    case command
    /// A data message, as `onMetaData`.
    case data
    /// A shared-object message.
    case sharedObject = "shared-object"
    /// What breaks the rules of its type.
    case malformed
  }

  /// Who said it.
  public var side: Side
  /// What it was.
  public var kind: Kind
  /// The command's name, the data message's handler, the shared object's name.
  public var name: String
  /// The transaction of a command, 0 where no answer is wanted.
  public var transaction: Int64
  /// The message stream; 0 is the connection.
  public var stream: UInt32
  /// Arguments, a fact each: the fields of objects as `name: value`, anything else as its value; one line each, with
  /// access keys left out.
  public var details: [String]
  /// Where it was whole.
  public var place: CapturePlace?

  /// A line of the conversation.
  public init(
    side: Side, kind: Kind, name: String, transaction: Int64 = 0, stream: UInt32 = 0, details: [String] = [],
    place: CapturePlace? = nil
  ) {
    self.side = side
    self.kind = kind
    self.name = name
    self.transaction = transaction
    self.stream = stream
    self.details = details
    self.place = place
  }

  /// The status it brings, as `NetStream.Publish.Start`; nil for one without.
  public var code: String? { field("code") }

  /// `status`, `warning` or `error`; nil where it brings no status.
  public var level: String? { field("level") }

  /// The status in words; nil where it brings none.
  public var statusDescription: String? { field("description") }

  /// A text field of its objects.
  private func field(_ name: String) -> String? {
    let prefix = "\(name): \""
    guard let detail = details.first(where: { $0.hasPrefix(prefix) && $0.hasSuffix("\"") && $0 != prefix }) else {
      return nil
    }
    return String(detail.dropFirst(prefix.count).dropLast())
  }

  /// The same but for its place.
  func saysSame(as other: ConversationLine) -> Bool {
    side == other.side && kind == other.kind && name == other.name && transaction == other.transaction
      && stream == other.stream && details == other.details
  }
}
