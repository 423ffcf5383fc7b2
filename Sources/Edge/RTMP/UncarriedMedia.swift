import Rooms

/// What of a publication cannot be carried, each codec once: its publisher and its operator are told once, too.
struct UncarriedMedia {
  private var told: [(kind: MediaKind, codec: String)] = []

  /// More codecs than this in one publication are somebody's joke.
  private static let most = 8

  /// The source as something new to tell of; nil when it is carried, or told already.
  mutating func note(_ source: SourceFormat) -> Notice? {
    guard case .unsupported(let kind, let codec, let obstacle) = source, told.count < Self.most,
      !told.contains(where: { $0.kind == kind && $0.codec == codec })
    else { return nil }
    told.append((kind, codec))
    return Notice(kind: kind, codec: codec, sentence: "\(obstacle.sentence(codec)).")
  }

  /// What is told.
  struct Notice {
    let kind: MediaKind
    let codec: String
    /// For the publisher.
    let sentence: String
  }
}
