/// A transcoder of either kind, driven by commands; what a worker runs.
struct Transcoder {
  private enum Kind {
    case sound(AudioTranscoder)
    case picture(VideoTranscoder)
  }

  private let kind: Kind

  init(_ settings: TranscoderSettings) throws(MediaError) {
    switch settings {
    case .sound(let format, let target): self.kind = .sound(try AudioTranscoder(from: format, to: target))
    case .picture(let format, let target): self.kind = .picture(try VideoTranscoder(from: format, to: target))
    }
  }

  func run(_ command: TranscoderCommand, emit: (EncodedFrame) -> Void) throws(MediaError) {
    switch self.kind {
    case .sound(let transcoder):
      switch command {
      case .push(let frame): try transcoder.push(frame, emit: emit)
      case .finish: try transcoder.finish(emit: emit)
      case .catchUp, .showLatest, .repeatLatest, .requestKeyFrame, .setBitRate: break
      }
    case .picture(let transcoder):
      switch command {
      case .push(let frame): try transcoder.push(frame, emit: emit)
      case .catchUp(let frame): try transcoder.catchUp(frame)
      case .showLatest(let time): try transcoder.encodeLatestPicture(at: time, emit: emit)
      case .repeatLatest(let time): try transcoder.repeatLatestPicture(at: time, emit: emit)
      case .requestKeyFrame: transcoder.requestKeyFrame()
      case .setBitRate(let rate): try transcoder.setTargetBitRate(rate)
      case .finish: try transcoder.finish(emit: emit)
      }
    }
  }
}
