/// Why a decoder, an encoder or a conversion could not go on. The owner may build a new transcoder later.
public enum MediaError: Error, Hashable, CustomStringConvertible {
  /// The installed libavcodec has no such decoder or encoder.
  case codecMissing(name: String)
  /// The codec needs a configuration record and got none, or an empty one.
  case configurationMissing(codec: String)
  /// A configuration record longer than the limit; its length and the limit in bytes.
  case configurationTooLong(codec: String, length: Int, limit: Int)
  /// A value of the format lies outside its range.
  case formatOutOfRange(field: String, value: Int)
  /// libavcodec refused to open the codec; `code` is its error.
  case openFailed(codec: String, code: Int32)
  /// So many frames in a row could not be decoded that the stream is given up; `code` is the last error.
  case damaged(codec: String, inARow: Int, code: Int32)
  /// An encoder failed.
  case encodingFailed(codec: String, code: Int32)
  /// swscale refused a conversion between picture formats or sizes.
  case scalingFailed(code: Int32)
  /// swresample refused a conversion between sample formats or rates.
  case resamplingFailed(code: Int32)
  /// The C libraries could not take memory.
  case outOfMemory
  /// The process that was to run the codecs could not be started; `code` is the system's error, 0 when it started and
  /// ended at once.
  case noWorker(code: Int32)

  /// Whether trying again with the same format is of no use: it was refused before any frame was looked at.
  public var isLasting: Bool {
    switch self {
    case .codecMissing, .configurationMissing, .configurationTooLong, .formatOutOfRange, .openFailed: true
    case .damaged, .encodingFailed, .scalingFailed, .resamplingFailed, .outOfMemory, .noWorker: false
    }
  }

  /// One line for a log.
  public var description: String {
    switch self {
    case .codecMissing(let name): "libavcodec has no codec named \(name)"
    case .configurationMissing(let codec): "\(codec) needs its configuration record before the first frame"
    case .configurationTooLong(let codec, let length, let limit):
      "the configuration record of \(codec) has \(length) bytes, at most \(limit) are taken"
    case .formatOutOfRange(let field, let value): "\(field) \(value) is out of range"
    case .openFailed(let codec, let code): "libavcodec did not open \(codec): \(LibAV.text(of: code))"
    case .damaged(let codec, let count, let code):
      "\(count) damaged \(codec) frames in a row, the last: \(LibAV.text(of: code))"
    case .encodingFailed(let codec, let code): "the \(codec) encoder failed: \(LibAV.text(of: code))"
    case .scalingFailed(let code): "the picture could not be converted: \(LibAV.text(of: code))"
    case .resamplingFailed(let code): "the sound could not be resampled: \(LibAV.text(of: code))"
    case .outOfMemory: "no memory for a codec"
    case .noWorker(0): "a media worker ended as it began"
    case .noWorker(let code): "no media worker could be started: errno \(code)"
    }
  }
}
