import NIOCore
import RTMP
import RTP
import Rooms

/// Writes down what a publication sent of one kind, and what receivers got of it.
final class TrackMeter {
  let id: TrackResult.ID
  private let place: CapturePlace
  private let detail: CaptureRehearsal.Detail
  private var summary: TrackSummary
  private var input = FrameTimes()
  private var outputs: [(codec: PayloadCodec, meter: OutputMeter)] = []
  /// Why it is not carried.
  var obstacle: String?

  init(_ id: TrackResult.ID, stream: UInt32, at place: CapturePlace, detail: CaptureRehearsal.Detail) {
    self.id = id
    self.place = place
    self.detail = detail
    summary = TrackSummary(side: .client, streamID: stream, kind: id.kind == .audio ? .audio : .video)
  }

  /// What the client sent.
  func sent(_ message: MediaMessage, at place: CapturePlace) {
    let (frames, keyFrames) = (summary.frames, summary.keyFrames)
    let isStrange = summary.take(message).contains { if case .damagedMedia = $0 { true } else { false } }
    // A codec that nobody knows has frames, too.
    guard summary.frames > frames || (isStrange && summary.codecs.isEmpty) else { return }
    // Each frame of sound can be decoded alone.
    let isKeyFrame = summary.frames > frames && (id.kind == .audio || summary.keyFrames > keyFrames)
    input.take(at: message.timestamp, isKeyFrame: isKeyFrame, place: place)
  }

  /// What receivers got.
  /// - Parameter time: microseconds since the participant's first frame.
  func received(
    _ frame: PacketizedFrame, _ manner: MediaOutput.Manner, at time: Int64, _ place: CapturePlace
  ) {
    let known = outputs.first { $0.codec == frame.codec }?.meter
    let meter = known ?? OutputMeter(frame.codec, manner, at: place, detail: detail)
    if known == nil { outputs.append((frame.codec, meter)) }
    meter.take(frame, at: time, place)
  }

  func finish() -> TrackResult {
    TrackResult(
      id: id, codecs: summary.codecs.isEmpty ? ["unknown"] : summary.codecs, input: input, obstacle: obstacle,
      outputs: outputs.map { $0.meter.finish() },
      place: place)
  }

  var thumbnails: [Thumbnail] {
    outputs.flatMap { codec, meter in
      meter.thumbnails.map { second, luma in
        Thumbnail(
          track: id, codec: codec.resultName, second: second, width: Thumbnail.grid.columns,
          height: Thumbnail.grid.rows, luma: luma)
      }
    }
  }
}
