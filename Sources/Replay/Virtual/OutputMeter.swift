import Media
import NIOCore
import RTP
import Rooms

/// Receives a track in one form and writes down what came.
final class OutputMeter {
  private let codec: PayloadCodec
  private let manner: MediaOutput.Manner
  private let place: CapturePlace
  private let keepsSeconds: Bool
  private var joiner: FrameJoiner
  private var times = FrameTimes()
  private var digest = FrameDigest()
  private var checks: [FrameCheck] = []
  /// The second at hand, and where its first frame came from.
  private var second: (number: Int64, place: CapturePlace)?
  private var fingerprints: [Fingerprint] = []
  private let eye: PictureMeter?
  private let ear: SoundMeter?

  init(
    _ codec: PayloadCodec, _ manner: MediaOutput.Manner, at place: CapturePlace, detail: CaptureRehearsal.Detail
  ) {
    self.codec = codec
    self.manner = manner
    self.place = place
    joiner = FrameJoiner(codec)
    keepsSeconds = detail >= .seconds
    let isLookedAt = manner == .transcoded && keepsSeconds
    eye = isLookedAt && !codec.isAudio ? PictureMeter(keepsThumbnails: detail == .thumbnails) : nil
    ear = isLookedAt && codec.isAudio ? SoundMeter() : nil
  }

  /// Small pictures of the seconds so far.
  var thumbnails: [(second: Int64, luma: [UInt8])] { eye?.thumbnails ?? [] }

  /// - Parameter time: microseconds since the participant's first frame.
  func take(_ frame: PacketizedFrame, at time: Int64, _ place: CapturePlace) {
    let milliseconds = (time + 500).flooredQuotient(1000)
    times.take(at: milliseconds, isKeyFrame: frame.isKeyFrame, place: place)
    let number = milliseconds.flooredQuotient(1000)
    // Time does not go back within an output; if it does, it is the same second for us.
    if let present = second, number > present.number { close(present) }
    if second == nil, keepsSeconds { second = (number, place) }
    guard let data = joiner.join(frame) else { return }
    switch manner {
    case .untouched:
      let value = digest.take(data, at: milliseconds)
      if keepsSeconds { checks.append(FrameCheck(value: value, packet: place.packet)) }
    case .transcoded:
      let encoded = EncodedFrame(time: time, isKeyFrame: frame.isKeyFrame, data: data)
      eye?.take(encoded)
      ear?.take(encoded)
    }
  }

  /// What came in all.
  func finish() -> MediaOutput {
    if let second { close(second) }
    return MediaOutput(
      codec: codec.resultName, manner: manner, times: times, digest: digest.digits, fingerprints: fingerprints,
      place: place)
  }

  private func close(_ present: (number: Int64, place: CapturePlace)) {
    second = nil
    // The last packets of a second tell nothing that another version of a codec would repeat.
    if let ear, ear.isShort, !fingerprints.isEmpty { return ear.forget() }
    let content: Fingerprint.Content
    switch manner {
    case .untouched:
      content = .frames(checks)
      checks = []
    case .transcoded:
      content = eye?.finish(second: present.number) ?? ear?.finish() ?? .undecodable
    }
    fingerprints.append(Fingerprint(second: present.number, content: content, place: present.place))
  }
}

/// Looks at the first picture of each second.
private final class PictureMeter {
  private static let blocks = PictureProbe.Grid(columns: PictureFingerprint.side, rows: PictureFingerprint.side)

  private let probe = try? PictureProbe(VideoFormat(codec: .vp8))
  private let keepsThumbnails: Bool
  private var look: PictureProbe.Look?
  private(set) var thumbnails: [(second: Int64, luma: [UInt8])] = []

  init(keepsThumbnails: Bool) { self.keepsThumbnails = keepsThumbnails }

  func take(_ frame: EncodedFrame) {
    let grids = keepsThumbnails ? [Self.blocks, Thumbnail.grid] : [Self.blocks]
    let isWanted = look == nil
    let looks = (try? probe?.decode(frame, grids: grids) { _ in isWanted }) ?? []
    if let first = looks.first, isWanted { look = first }
  }

  func finish(second: Int64) -> Fingerprint.Content {
    defer { look = nil }
    guard let look, let blocks = look.grids.first,
      let picture = PictureFingerprint(width: look.width, height: look.height, luma: blocks)
    else { return .undecodable }
    if keepsThumbnails, let luma = look.grids.dropFirst().first, thumbnails.count < Self.mostThumbnails {
      thumbnails.append((second, luma))
    }
    return .picture(picture)
  }

  /// A report of an hour should still open.
  private static let mostThumbnails = 600
}

/// Listens to each second.
private final class SoundMeter {
  private let probe = try? SoundProbe(
    AudioFormat(codec: .opus, sampleRate: SoundProbe.sampleRate, channels: 2))
  private var spectrum = SpectrumMeter(sampleRate: SoundProbe.sampleRate)

  func take(_ frame: EncodedFrame) {
    try? probe?.decode(frame) { spectrum.take($0) }
  }

  /// Less than a quarter of a second was heard.
  var isShort: Bool { spectrum.count < SoundProbe.sampleRate / 4 }

  func forget() { spectrum = SpectrumMeter(sampleRate: SoundProbe.sampleRate) }

  func finish() -> Fingerprint.Content { spectrum.isEmpty ? .undecodable : .sound(spectrum.finish()) }
}

extension Thumbnail {
  /// The size of all thumbnails.
  static let grid = PictureProbe.Grid(columns: 64, rows: 48)
}

extension PayloadCodec {
  /// As in a result.
  var resultName: String {
    switch self {
    case .opus: "opus"
    case .vp8: "vp8"
    case .h264: "h264"
    case .pcmu: "pcmu"
    case .pcma: "pcma"
    }
  }
}

extension Int64 {
  /// Rounded towards negative infinity; the divisor is positive.
  func flooredQuotient(_ divisor: Int64) -> Int64 {
    let (quotient, rest) = quotientAndRemainder(dividingBy: divisor)
    return rest < 0 ? quotient - 1 : quotient
  }
}
