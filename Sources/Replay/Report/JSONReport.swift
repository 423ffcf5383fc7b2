import Foundation

/// The report for programs. Its form is ``ReportDocument``.
public enum JSONReport: ReplayReport {
  /// `.json`.
  public static let fileExtension = "json"

  /// Keys are in alphabetical order, so that equal runs give equal bytes.
  public static func render(_ run: ReplayRun) throws(ReplayError) -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    do {
      return String(decoding: try encoder.encode(ReportDocument(run)), as: UTF8.self) + "\n"
    } catch {
      // Only numbers that are none cannot be written, and there are none of them.
      throw .unwritableReport("\(error)")
    }
  }
}

/// The JSON report. Fields may be added within a version; none changes its meaning. Times are milliseconds.
public struct ReportDocument: Codable, Sendable, Hashable {
  /// The version of the form.
  public static let format = "flashgate-replay-report-1"

  /// ``format``.
  public var format: String
  /// Whether anything differs from a golden result, or could not be replayed.
  public var differs: Bool
  /// In the order of the command line.
  public var captures: [Capture]

  /// A capture file.
  public struct Capture: Codable, Sendable, Hashable {
    /// As it was named on the command line.
    public var path: String
    /// Whether any session differs, or there is none.
    public var differs: Bool
    /// What of the file could not be taken.
    public var notices: [String]
    /// In the order in which they began.
    public var sessions: [Session]
  }

  /// A session of a capture.
  public struct Session: Codable, Sendable, Hashable {
    /// The capture's name and the session's number in it.
    public var name: String
    /// Whether it is not as it should be.
    public var differs: Bool
    /// Why it could not be replayed, if so.
    public var fault: String?
    /// Length of the recording, in milliseconds.
    public var duration: Int64
    /// In what it is not the golden result.
    public var differences: [Difference]
    /// What came of it.
    public var result: Outcome
    /// What should come of it; left out when there is no golden result.
    public var golden: Outcome?
  }

  /// One difference.
  public struct Difference: Codable, Sendable, Hashable {
    /// `golden`, `conversation`, `end`, `track`, `input`, `obstacle`, `output`, `times`, `digest`, `fingerprint`.
    public var subject: String
    /// Where it is, in words.
    public var location: String
    /// The track it is of.
    public var track: TrackResult.ID?
    /// The output's codec.
    public var codec: String?
    /// The fingerprint's second.
    public var second: Int64?
    /// The golden facts; left out where there are none.
    public var expected: String?
    /// The facts at hand; left out where there are none.
    public var got: String?
    /// Where in the capture it began.
    public var place: CapturePlace?
  }

  /// A result.
  public struct Outcome: Codable, Sendable, Hashable {
    /// Commands, answers, data and shared-object messages in their order.
    public var conversation: [ConversationLine]
    /// Who ended the connection, and why.
    public var end: ConnectionEnd
    /// What receivers got; left out when only the client's side could be seen.
    public var tracks: [Track]?
  }

  /// Sound or pictures of a participant.
  public struct Track: Codable, Sendable, Hashable {
    /// What tells it from others.
    public var id: TrackResult.ID
    /// What the publisher sent.
    public var codecs: [String]
    /// What came in, by the publisher's stamps.
    public var input: FrameTimes
    /// Why it was not carried, if so.
    public var obstacle: String?
    /// What receivers got.
    public var outputs: [Output]
    /// Where it began.
    public var place: CapturePlace?
  }

  /// A track in one form in which receivers got it.
  public struct Output: Codable, Sendable, Hashable {
    /// `h264`, `vp8`, `opus`, `pcmu`, `pcma`.
    public var codec: String
    /// `untouched` or `transcoded`.
    public var manner: MediaOutput.Manner
    /// What came, since the participant's first frame.
    public var times: FrameTimes
    /// SHA-256 over untouched frames and their times.
    public var sha256: String?
    /// What is seen or heard.
    public var seconds: [Second]
    /// Where it began.
    public var place: CapturePlace?
  }

  /// One second of an output: one of the four is there.
  public struct Second: Codable, Sendable, Hashable {
    /// Since the participant's first frame.
    public var second: Int64
    /// The first picture.
    public var picture: Picture?
    /// The sound.
    public var sound: Sound?
    /// Checks of untouched frames, four hexadecimal digits each.
    public var frames: [String]?
    /// True when the decoder refused it.
    public var undecodable: Bool?
    /// Where it began.
    public var place: CapturePlace?
  }

  /// A picture in 8 by 8 blocks.
  public struct Picture: Codable, Sendable, Hashable {
    /// In pixels.
    public var width, height: Int
    /// Mean luma of the blocks, row by row, two hexadecimal digits each.
    public var luma: String
  }

  /// Loudness and pitch of a second.
  public struct Sound: Codable, Sendable, Hashable {
    /// Decibels below full scale.
    public var decibels: Double
    /// The strongest frequency; 0 where there is nearly nothing to hear.
    public var hertz: Int
  }
}
