/// One thing in which a result is not the golden one.
public struct ResultDifference: Codable, Sendable, Hashable, CustomStringConvertible {
  /// What differs.
  public enum Subject: Codable, Sendable, Hashable {
    /// There is no golden result of that session.
    case goldenMissing
    /// The golden result cannot be read.
    case goldenUnreadable
    /// A line of that side, counted from 0 among its own.
    case conversation(ConversationLine.Side, index: Int)
    /// Who ended the session.
    case end
    /// That track is there in one of both.
    case track(TrackResult.ID)
    /// What the publisher sent.
    case input(TrackResult.ID)
    /// Whether and why a track was not carried.
    case obstacle(TrackResult.ID)
    /// What receivers got in that codec is there in one of both, or came about otherwise.
    case output(TrackResult.ID, codec: String)
    /// Number and times of its frames.
    case times(TrackResult.ID, codec: String)
    /// The exact content of what came untouched.
    case digest(TrackResult.ID, codec: String)
    /// What is seen or heard in that second.
    case fingerprint(TrackResult.ID, codec: String, second: Int64)
  }

  /// What differs.
  public var subject: Subject
  /// The golden facts as text lines; nil where there are none.
  public var expected: String?
  /// The facts at hand; nil where there are none.
  public var got: String?
  /// Where in the capture it began; nil where nothing of the capture belongs to it.
  public var place: CapturePlace?

  /// A difference.
  public init(subject: Subject, expected: String?, got: String?, place: CapturePlace? = nil) {
    self.subject = subject
    self.expected = expected
    self.got = got
    self.place = place
  }

  /// Where it is, in a few words.
  public var location: String {
    switch subject {
    case .goldenMissing, .goldenUnreadable: "golden result"
    case .conversation(let side, let index): "\(side.rawValue)'s message \(index + 1)"
    case .end: "end of the session"
    case .track(let id): "track \(id)"
    case .input(let id): "what was published on \(id)"
    case .obstacle(let id): "whether \(id) is carried"
    case .output(let id, let codec): "\(codec) of \(id)"
    case .times(let id, let codec): "frames of \(codec) of \(id)"
    case .digest(let id, let codec): "bytes of \(codec) of \(id)"
    case .fingerprint(let id, let codec, let second): "second \(second) of \(codec) of \(id)"
    }
  }

  /// One line for people.
  public var description: String {
    let at = place.map { "packet \($0.packet), \(Double($0.milliseconds) / 1000) s: " } ?? ""
    return "\(at)\(location): expected \(expected ?? "nothing"), got \(got ?? "nothing")"
  }
}

extension TrackResult.ID: CustomStringConvertible {
  /// As in `video of "alice" in "demo"`.
  public var description: String {
    let number = publication == 1 ? "" : ", publication \(publication)"
    return "\(kind.rawValue) of \(ResultToken.quoted(participant)) in \(ResultToken.quoted(room))\(number)"
  }
}
