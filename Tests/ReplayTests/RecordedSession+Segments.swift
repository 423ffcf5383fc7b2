@testable import Replay

extension RecordedSession {
  /// All segments of the client at once.
  var segments: [Segment] { Array(said.segments()) }
  /// All segments of the server at once.
  var serverSegments: [Segment] { Array(answered.segments()) }
}
