/// A kind of file that a recorded stream can be written as.
public enum ContainerFormat: String, Sendable, CaseIterable {
  /// Matroska: nearly every codec as it came.
  case mkv
  /// MPEG-4: H.264, AAC and MP3 as they came.
  case mp4
  /// The sound alone, decoded.
  case wav

  /// libavformat's name.
  var muxer: String {
    switch self {
    case .mkv: "matroska"
    case .mp4: "mp4"
    case .wav: "wav"
    }
  }
}
