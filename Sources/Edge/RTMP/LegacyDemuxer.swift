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

  private var avc: (configuration: ByteBuffer, reorders: Bool)?
  private var aac: (configuration: ByteBuffer, sampleRate: Int, channels: Int)?

  /// An audio message's body. Nil when it carries no sound: empty bodies, configurations.
  mutating func audio(_ body: ByteBuffer) throws(FLVError) -> Frame? {
    var body = body
    // Flash sends empty bodies when the microphone is muted.
    guard body.readableBytes > 0 else { return nil }
    let header = try AudioTagHeader.read(from: &body)
    if header.soundFormat == .aac { return try aac(header, body) }
    guard let format = AudioFormat(header) else {
      return Frame(
        source: .unsupported(kind: .audio, codec: "\(header.soundFormat)"), data: ByteBuffer(), compositionTime: 0,
        isKeyFrame: true)
    }
    guard body.readableBytes > 0 else { return nil }
    return Frame(source: .audio(format), data: body, compositionTime: 0, isKeyFrame: true)
  }

  private mutating func aac(_ header: AudioTagHeader, _ body: ByteBuffer) throws(FLVError) -> Frame? {
    if header.aacPacketType == .sequenceHeader {
      let configuration = try AudioSpecificConfig(parsing: body)
      aac = (body, configuration.outputSampleRate, configuration.channels ?? 2)
      return nil
    }
    guard let aac, body.readableBytes > 0 else { return nil }
    let format = AudioFormat(
      codec: .aac, sampleRate: aac.sampleRate, channels: aac.channels, configuration: aac.configuration)
    return Frame(source: .audio(format), data: body, compositionTime: 0, isKeyFrame: true)
  }

  /// A video message's body. Nil when it carries no picture: empty bodies, configurations, player commands.
  mutating func video(_ body: ByteBuffer) throws(FLVError) -> Frame? {
    var body = body
    guard body.readableBytes > 0 else { return nil }
    let header = try VideoTagHeader.read(from: &body)
    guard header.frameType != .infoOrCommand else { return nil }
    if header.codec == .avc { return try avc(header, body) }
    guard let codec = VideoCodec(header.codec) else {
      return Frame(
        source: .unsupported(kind: .video, codec: "\(header.codec)"), data: ByteBuffer(), compositionTime: 0,
        isKeyFrame: header.isKeyFrame)
    }
    guard body.readableBytes > 0 else { return nil }
    return Frame(
      source: .video(VideoFormat(codec: codec, configuration: nil), reorders: false), data: body, compositionTime: 0,
      isKeyFrame: header.isKeyFrame)
  }

  private mutating func avc(_ header: VideoTagHeader, _ body: ByteBuffer) throws(FLVError) -> Frame? {
    switch header.avcPacketType {
    case .sequenceHeader:
      let configuration = try AVCDecoderConfiguration(parsing: body)
      if avc?.configuration != body { avc = (body, configuration.mayReorder) }
      return nil
    case .nalUnits:
      guard let current = avc, body.readableBytes > 0 else { return nil }
      // A sequence parameter set need not say that pictures are reordered; a composition time always tells.
      if header.compositionTime != 0 { avc?.reorders = true }
      let reorders = current.reorders || header.compositionTime != 0
      let format = VideoFormat(codec: .h264, configuration: current.configuration)
      return Frame(
        source: .video(format, reorders: reorders), data: body, compositionTime: Int64(header.compositionTime),
        isKeyFrame: header.isKeyFrame)
    case .endOfSequence, nil: return nil
    }
  }
}

extension AVCDecoderConfiguration {
  /// Whether a sequence parameter set allows pictures to be shown in another order than they come.
  fileprivate var mayReorder: Bool {
    sequenceParameterSets.contains { parameterSet in
      // One that says nothing of it is believed until a picture shows otherwise.
      ((try? SequenceParameterSet(parsing: parameterSet))?.maximumReorderedFrames ?? 0) > 0
    }
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
