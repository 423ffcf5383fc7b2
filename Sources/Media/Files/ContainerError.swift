/// Why a stream cannot be written as another file.
public enum ContainerError: Error, Sendable, Equatable, CustomStringConvertible {
  /// The FLV file cannot be read.
  case unreadable(String)
  /// The format has no place for that codec as it is.
  case codecRefused(codec: String, format: ContainerFormat)
  /// There is no sound to be decoded.
  case noSound
  /// Nothing in it can be put into a file.
  case nothingInside
  /// The sound cannot be decoded.
  case undecodable(codec: String, String)
  /// The file cannot be written.
  case unwritable(String)

  /// One line for people, with what to do instead.
  public var description: String {
    switch self {
    case .unreadable(let why): "the stream cannot be read: \(why)"
    case .codecRefused(let codec, .mp4): "\(codec) has no place in mp4; use --format mkv, or flv"
    case .codecRefused(let codec, let format):
      "\(codec) has no place in \(format.rawValue); use --format flv, or wav for the sound"
    case .noSound: "there is no sound in it"
    case .nothingInside: "there is neither sound nor picture in it"
    case .undecodable(let codec, let why): "\(codec) cannot be decoded: \(why)"
    case .unwritable(let why): "it cannot be written: \(why)"
    }
  }
}
