import FLV
import Media
import NIOCore
import Rooms

/// Turns FLV tag bodies, as RTMP carries them, into frames of a known source format.
///
/// Keeps what stands for a whole stream: the codec configurations of AVC and AAC, and whether pictures are reordered.
struct LegacyDemuxer {
  /// A frame with what it is.
  struct Frame {
    let source: SourceFormat
    let data: ByteBuffer
    /// Milliseconds to add to the message's time stamp for the time the picture is shown.
    let compositionTime: Int64
    let isKeyFrame: Bool
  }

  private var avc: (configuration: ByteBuffer, order: PictureOrder)?
  private var aac: (configuration: ByteBuffer, sampleRate: Int, channels: Int)?
  private var byteOrder = PCMByteOrder()
  private var strangers = StrangeCodecs()
  /// Frames so far that had no configuration to be decoded by.
  private var unconfiguredFrames = 0

  /// Frames that may come before their configuration without a word: a stream that is joined in its middle has some.
  static let patience = 50

  /// An audio message's body. Nil when it carries no sound: empty bodies, configurations.
  ///
  /// What cannot be carried is a frame too, without data, so that it is told and not lost.
  mutating func audio(_ body: ByteBuffer) throws(FLVError) -> Frame? {
    var body = body
    // Flash sends empty bodies when the microphone is muted.
    guard body.readableBytes > 0 else { return nil }
    if let stranger = try strangers.audio(body) { return Frame(uncarried: .audio, stranger) }
    let header = try AudioTagHeader.read(from: &body)
    if header.soundFormat == .aac { return try aac(header, body) }
    guard var format = AudioFormat(header) else { return Frame(uncarried: .audio, "\(header.soundFormat)") }
    guard body.readableBytes > 0 else { return nil }
    if header.soundFormat == .linearPCMPlatformEndian, format.codec == .pcmS16LE {
      format.codec = byteOrder.codec(of: body, channels: format.channels)
    }
    return Frame(source: .audio(format), data: body, compositionTime: 0, isKeyFrame: true)
  }

  private mutating func aac(_ header: AudioTagHeader, _ body: ByteBuffer) throws(FLVError) -> Frame? {
    if header.aacPacketType == .sequenceHeader {
      let configuration = try AudioSpecificConfig(parsing: body)
      aac = (body, configuration.outputSampleRate, configuration.channels ?? 2)
      return nil
    }
    guard body.readableBytes > 0 else { return nil }
    guard let aac else { return unconfigured(.audio, AudioCodec.aac.name) }
    let format = AudioFormat(
      codec: .aac, sampleRate: aac.sampleRate, channels: aac.channels, configuration: aac.configuration)
    return Frame(source: .audio(format), data: body, compositionTime: 0, isKeyFrame: true)
  }

  /// A frame that cannot be decoded yet: nothing at first, and then a reason to tell of.
  private mutating func unconfigured(_ kind: MediaKind, _ codec: String) -> Frame? {
    unconfiguredFrames += 1
    return unconfiguredFrames > Self.patience ? Frame(uncarried: kind, codec, .noConfiguration) : nil
  }

  /// A video message's body. Nil when it carries no picture: empty bodies, configurations, player commands.
  /// - Parameter time: the message's time stamp in milliseconds, unwrapped.
  mutating func video(_ body: ByteBuffer, at time: Int64) throws(FLVError) -> Frame? {
    var body = body
    guard body.readableBytes > 0 else { return nil }
    if let stranger = try strangers.video(body) { return Frame(uncarried: .video, stranger) }
    let header = try VideoTagHeader.read(from: &body)
    guard header.frameType != .infoOrCommand else { return nil }
    if header.codec == .avc { return try avc(header, body, at: time) }
    guard let codec = VideoCodec(header.codec) else { return Frame(uncarried: .video, "\(header.codec)") }
    guard body.readableBytes > 0 else { return nil }
    return Frame(
      source: .video(VideoFormat(codec: codec, configuration: nil), reorders: false), data: body, compositionTime: 0,
      isKeyFrame: header.isKeyFrame)
  }

  private mutating func avc(_ header: VideoTagHeader, _ body: ByteBuffer, at time: Int64) throws(FLVError) -> Frame? {
    switch header.avcPacketType {
    case .sequenceHeader:
      let configuration = try AVCDecoderConfiguration(parsing: body)
      if avc?.configuration != body { avc = (body, PictureOrder(configuration)) }
      return nil
    case .nalUnits:
      guard body.readableBytes > 0 else { return nil }
      let compositionTime = Int64(header.compositionTime)
      avc?.order.look(at: time, compositionTime: compositionTime, isKeyFrame: header.isKeyFrame)
      guard let avc else { return unconfigured(.video, VideoCodec.h264.name) }
      let format = VideoFormat(codec: .h264, configuration: avc.configuration)
      return Frame(
        source: .video(format, reorders: avc.order.reorders), data: body, compositionTime: compositionTime,
        isKeyFrame: header.isKeyFrame)
    case .endOfSequence, nil: return nil
    }
  }
}

extension LegacyDemuxer.Frame {
  fileprivate init(uncarried kind: MediaKind, _ codec: String, _ obstacle: SourceFormat.Obstacle = .noDecoder) {
    self.init(
      source: .unsupported(kind: kind, codec: codec, obstacle), data: ByteBuffer(), compositionTime: 0,
      isKeyFrame: true)
  }
}

extension VideoCodec {
  /// Nil for what no decoder is there for.
  fileprivate init?(_ id: VideoCodecID) {
    switch id {
    case .sorensonH263: self = .sorensonH263
    case .screenVideo: self = .screenVideo
    case .screenVideo2: self = .screenVideo2
    case .vp6: self = .vp6
    case .vp6Alpha: self = .vp6Alpha
    case .avc: self = .h264
    case .h263: self = .h263
    case .jpeg, .mpeg4Part2: return nil
    }
  }
}

extension AudioFormat {
  /// Nil for what no decoder is there for. AAC is not made here: its configuration comes apart.
  fileprivate init?(_ header: AudioTagHeader) {
    let rate = header.sampleRate
    let channels = header.channels
    switch header.soundFormat {
    case .nellymoser16k: self.init(codec: .nellymoser, sampleRate: 16000, channels: 1)
    case .nellymoser8k: self.init(codec: .nellymoser, sampleRate: 8000, channels: 1)
    case .nellymoser: self.init(codec: .nellymoser, sampleRate: rate, channels: channels)
    // Speex in FLV is 16 kHz mono whatever the tag says.
    case .speex: self.init(codec: .speex, sampleRate: 16000, channels: 1)
    case .mp3: self.init(codec: .mp3, sampleRate: rate, channels: channels)
    case .mp38k: self.init(codec: .mp3, sampleRate: 8000, channels: channels)
    case .g711ALaw: self.init(codec: .pcmALaw, sampleRate: 8000, channels: channels)
    case .g711MuLaw: self.init(codec: .pcmMuLaw, sampleRate: 8000, channels: channels)
    case .adpcm: self.init(codec: .adpcmSWF, sampleRate: rate, channels: channels)
    case .linearPCMLittleEndian, .linearPCMPlatformEndian:
      self.init(codec: header.bitsPerSample == 8 ? .pcmU8 : .pcmS16LE, sampleRate: rate, channels: channels)
    case .aac, .deviceSpecific: return nil
    }
  }
}
