/// What a job turns into what, for the metric `flashgate_transcode_seconds_total{from,to}`.
public struct TranscodeLabel: Sendable, Hashable {
  /// Name of the source codec, for example `flv1`.
  public var from: String
  /// Name of the target codec, for example `vp8`.
  public var to: String

  /// Names both ends; keep to codec names, each pair is a time series.
  public init(from: String, to: String) {
    self.from = from
    self.to = to
  }

  /// Sound of `codec` to `target`.
  public init(_ codec: AudioCodec, to target: AudioTarget) {
    switch target {
    case .opus: self.init(from: codec.name, to: "opus")
    }
  }

  /// Pictures of `codec` to `target`.
  public init(_ codec: VideoCodec, to target: VideoTarget) {
    self.init(from: codec.name, to: target.codec.rawValue)
  }
}
