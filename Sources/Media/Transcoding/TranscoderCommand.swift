/// One thing for a transcoder to do. Those with a meaning for pictures alone do nothing to sound.
public enum TranscoderCommand: Sendable, Hashable {
  /// Transcode a frame; see `VideoTranscoder.push` and `AudioTranscoder.push`.
  case push(EncodedFrame)
  /// Decode a picture without encoding it; see `VideoTranscoder.catchUp`.
  case catchUp(EncodedFrame)
  /// Encode the last decoded picture as a key frame, as of a media time in microseconds, or of its own.
  case showLatest(at: Int64? = nil)
  /// Encode the last decoded picture once more, as of a media time in microseconds.
  case repeatLatest(at: Int64)
  /// Make the next picture a key frame.
  case requestKeyFrame
  /// Aim at another bit rate, in bit/s, without a key frame; nil follows the size of the picture.
  case setBitRate(Int?)
  /// Give out what is held back; the last command, for nothing can be pushed afterwards.
  case finish
}

/// What becomes of a command: any number of frames, then either `done` or `failed`.
public enum TranscoderAnswer: Sendable, Hashable {
  /// A frame came out.
  case frame(EncodedFrame)
  /// The command is carried out.
  case done
  /// The transcoder is of no use any more, for this and all later commands.
  case failed(MediaError)
}
