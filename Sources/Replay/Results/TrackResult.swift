/// The sound or the pictures of a participant: what the publisher sent, and what receivers got of it.
public struct TrackResult: Codable, Sendable, Hashable, Identifiable {
  /// Sound or pictures.
  public enum Kind: String, Codable, Sendable, Hashable {
    case audio, video
  }

  /// What tells it from other tracks of its session.
  public struct ID: Codable, Sendable, Hashable {
    /// Room and name of the participant, as the gateway took them.
    public var room, participant: String
    /// Sound or pictures.
    public var kind: Kind
    /// Counts the publications of the session under that name, from 1.
    public var publication: Int

    /// An identity.
    public init(room: String, participant: String, kind: Kind, publication: Int = 1) {
      self.room = room
      self.participant = participant
      self.kind = kind
      self.publication = publication
    }
  }

  /// What tells it from other tracks of its session.
  public var id: ID
  /// The codecs the publisher sent, in the order of their first frame.
  public var codecs: [String]
  /// What came in, on the publisher's clock.
  public var input: FrameTimes
  /// Why it was not carried, in the gateway's words; nil when it was.
  public var obstacle: String?
  /// What receivers got, in the order of their first frame; each codec once.
  public var outputs: [MediaOutput]
  /// The first frame's packet.
  public var place: CapturePlace?

  /// A track.
  public init(
    id: ID, codecs: [String], input: FrameTimes, obstacle: String? = nil, outputs: [MediaOutput] = [],
    place: CapturePlace? = nil
  ) {
    self.id = id
    self.codecs = codecs
    self.input = input
    self.obstacle = obstacle
    self.outputs = outputs
    self.place = place
  }
}

/// How many frames there were, and when. Milliseconds.
public struct FrameTimes: Codable, Sendable, Hashable {
  /// All frames; of transcoded sound, packets.
  public var frames: Int
  /// Those that can be decoded alone; each of sound.
  public var keyFrames: Int
  /// The first frame's time and the last one's: of an input by the publisher's stamps; of an output since the
  /// participant's first frame.
  public var first, last: Int64
  /// The largest step between two frames, and the time before it.
  public var largestGap, gapStart: Int64
  /// Where the gap ended in the capture.
  public var gapPlace: CapturePlace?

  /// No frame yet.
  public init() {
    self.init(frames: 0, keyFrames: 0, first: 0, last: 0, largestGap: 0, gapStart: 0)
  }

  /// All of it.
  public init(
    frames: Int, keyFrames: Int, first: Int64, last: Int64, largestGap: Int64, gapStart: Int64,
    gapPlace: CapturePlace? = nil
  ) {
    self.frames = frames
    self.keyFrames = keyFrames
    self.first = first
    self.last = last
    self.largestGap = largestGap
    self.gapStart = gapStart
    self.gapPlace = gapPlace
  }

  /// Takes a frame in.
  mutating func take(at milliseconds: Int64, isKeyFrame: Bool, place: CapturePlace?) {
    if frames == 0 {
      first = milliseconds
      gapStart = milliseconds
    } else if milliseconds - last > largestGap {
      largestGap = milliseconds - last
      gapStart = last
      gapPlace = place
    }
    frames += 1
    keyFrames += isKeyFrame ? 1 : 0
    last = milliseconds
  }

  /// The same but for its place.
  func isSame(as other: FrameTimes) -> Bool {
    var (mine, theirs) = (self, other)
    (mine.gapPlace, theirs.gapPlace) = (nil, nil)
    return mine == theirs
  }
}

/// A track in one form in which receivers got it.
public struct MediaOutput: Codable, Sendable, Hashable {
  /// How it came about.
  public enum Manner: String, Codable, Sendable, Hashable {
    /// As the publisher sent it.
    case untouched
    /// Decoded and encoded anew.
    case transcoded
  }

  /// `h264`, `vp8`, `opus`, `pcmu`, `pcma`.
  public var codec: String
  /// How it came about.
  public var manner: Manner
  /// What came, in milliseconds since the participant's first frame.
  public var times: FrameTimes
  /// Of what came untouched: SHA-256 over all frames with their times, in hexadecimal digits.
  public var digest: String?
  /// What is seen or heard, a fingerprint for each second in which there is something.
  public var fingerprints: [Fingerprint]
  /// The first frame's packet.
  public var place: CapturePlace?

  /// An output.
  public init(
    codec: String, manner: Manner, times: FrameTimes, digest: String? = nil, fingerprints: [Fingerprint] = [],
    place: CapturePlace? = nil
  ) {
    self.codec = codec
    self.manner = manner
    self.times = times
    self.digest = digest
    self.fingerprints = fingerprints
    self.place = place
  }
}
