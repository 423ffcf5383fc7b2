import Media
import Rooms

/// Which codecs a publication has used: looked at with each frame, so that it costs a comparison and no more.
struct SeenCodecs {
  private var sound: AudioCodec?
  private var picture: VideoCodec?
  private var isReordered = false
  private var uncarried: [String] = []

  /// More uncarried codecs than this are somebody's joke.
  private static let most = 8

  /// Whether a source shows something that the last one of its kind did not.
  mutating func isNews(_ source: SourceFormat) -> Bool {
    switch source {
    case .audio(let format):
      guard sound != format.codec else { return false }
      sound = format.codec
    case .video(let format, let reorders):
      guard picture != format.codec || reorders && !isReordered else { return false }
      picture = format.codec
      isReordered = isReordered || reorders
    case .unsupported(_, let codec, _):
      guard uncarried.count < Self.most, !uncarried.contains(codec) else { return false }
      uncarried.append(codec)
    }
    return true
  }
}

extension SessionTraits {
  /// The session sends this.
  mutating func note(_ source: SourceFormat) {
    switch source {
    case .audio: audio.insert(source.codecName)
    case .video(_, let reorders):
      video.insert(source.codecName)
      reordersPictures = reordersPictures || reorders
    case .unsupported(let kind, let codec, _):
      isUncarried = true
      if kind == .audio { audio.insert(codec) } else { video.insert(codec) }
    }
  }
}
