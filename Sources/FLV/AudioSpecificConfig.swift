import NIOCore

/// What an AAC decoder must know before the first frame: the body of an AAC sequence header.
///
/// Source: ISO/IEC 14496-3 section 1.6.2.1. The bytes are kept and written back as they came.
public struct AudioSpecificConfig: Sendable, Hashable {
  /// What the configuration says of spectral band replication (HE-AAC), which doubles the rate, and of parametric
  /// stereo (HE-AAC v2), which makes two channels of one.
  public enum BandReplication: Sendable, Hashable {
    /// Nothing: frames may still carry it, so a decoder must look.
    case notSignalled
    /// It is not used.
    case absent
    /// It is used, and gives this rate in Hz. `parametricStereo` is `nil` where that is not signalled.
    case present(sampleRate: Int, parametricStereo: Bool?)
  }

  /// The audio object type of the core: 2 is AAC-LC. 1 to 95.
  public let objectType: Int
  /// The rate of the core in Hz.
  public let sampleRate: Int
  /// Table 1.19: 1 to 6 are so many channels, 7 is eight, 0 leaves it to ``programChannels``.
  public let channelConfiguration: Int
  /// Samples in a frame of the core: 1024 or 960 for AAC; `nil` for object types that say it otherwise.
  public let samplesPerFrame: Int?
  /// Channels of the program config element that comes with configuration 0.
  public let programChannels: Int?
  /// What is said of HE-AAC.
  public let bandReplication: BandReplication

  private let encoded: ByteBuffer

  /// Channels of the core, `nil` where the configuration leaves them open.
  public var channels: Int? {
    switch channelConfiguration {
    case 1...6: channelConfiguration
    case 7: 8
    default: programChannels
    }
  }

  /// The rate in Hz that comes out of a decoder, as far as the configuration says.
  public var outputSampleRate: Int {
    guard case .present(let rate, _) = bandReplication else { return sampleRate }
    return rate
  }

  /// Reads a whole configuration.
  public init(parsing record: ByteBuffer) throws(FLVError) {
    // What matters lies in the first bytes even with the largest program config element; more is never needed.
    let head = Array(record.readableBytesView.prefix(512))
    var reader = BitReader(head, part: .audioSpecificConfig)
    var type = try Self.readObjectType(&reader)
    sampleRate = try Self.readSampleRate(&reader)
    channelConfiguration = Int(try reader.read(4))
    try Self.check(channelConfiguration, .channelConfiguration, in: 0...7)
    var replication = BandReplication.notSignalled
    if type == 5 || type == 29 {
      // Hierarchical signalling: the extension is named first, the core after it.
      let rate = try Self.readSampleRate(&reader)
      replication = .present(sampleRate: rate, parametricStereo: type == 29 ? true : nil)
      type = try Self.readObjectType(&reader)
      if type == 22 { try reader.skip(4) }  // extensionChannelConfiguration
    }
    objectType = type
    if let core = try GeneralAudioConfig(&reader, objectType: type, channelConfiguration: channelConfiguration) {
      samplesPerFrame = core.samplesPerFrame
      programChannels = core.channels
      // The error resilient types put more in between, and HE-AAC is not built on them.
      if replication == .notSignalled, type < 17 { replication = try Self.readTrailingExtension(&reader) }
    } else {
      samplesPerFrame = nil
      programChannels = nil
    }
    bandReplication = replication
    encoded = record.slice()
  }

  /// A configuration for AAC-LC frames of 1024 samples, or another of the AAC object types 1 to 4.
  public init(objectType: Int = 2, sampleRate: Int, channelConfiguration: Int) throws(FLVError) {
    try Self.check(objectType, .audioObjectType, in: 1...4)
    try Self.check(sampleRate, .samplingFrequency, in: 1...0xFF_FFFF)
    try Self.check(channelConfiguration, .channelConfiguration, in: 1...7)
    var writer = BitWriter()
    writer.write(UInt32(truncatingIfNeeded: objectType), 5)
    if let index = Self.sampleRates.firstIndex(of: sampleRate) {
      writer.write(UInt32(truncatingIfNeeded: index), 4)
    } else {
      writer.write(15, 4)
      writer.write(UInt32(truncatingIfNeeded: sampleRate), 24)
    }
    writer.write(UInt32(truncatingIfNeeded: channelConfiguration), 4)
    writer.write(0, 3)  // 1024 samples, no core coder, no extension
    self.objectType = objectType
    self.sampleRate = sampleRate
    self.channelConfiguration = channelConfiguration
    samplesPerFrame = 1024
    programChannels = nil
    bandReplication = .notSignalled
    encoded = ByteBuffer(bytes: writer.bytes)
  }

  /// Appends the configuration.
  public func write(into buffer: inout ByteBuffer) { buffer.writeImmutableBuffer(encoded) }

  /// Table 1.16: 31 announces six more bits.
  private static func readObjectType(_ reader: inout BitReader) throws(FLVError) -> Int {
    let short = Int(try reader.read(5))
    let type = short == 31 ? 32 + Int(try reader.read(6)) : short
    try check(type, .audioObjectType, in: 1...95)
    return type
  }

  /// Table 1.18: 15 announces the rate itself, 13 and 14 are reserved.
  private static func readSampleRate(_ reader: inout BitReader) throws(FLVError) -> Int {
    let index = Int(try reader.read(4))
    if index == 15 {
      let rate = Int(try reader.read(24))
      try check(rate, .samplingFrequency, in: 1...0xFF_FFFF)
      return rate
    }
    try check(index, .samplingFrequencyIndex, in: 0...12)
    return sampleRates[index]
  }

  /// The extension that old decoders do not see, after the core: sync word 0x2B7, then 0x548 for parametric stereo.
  private static func readTrailingExtension(_ reader: inout BitReader) throws(FLVError) -> BandReplication {
    guard reader.remaining >= 16, try reader.read(11) == 0x2B7 else { return .notSignalled }
    let type = Int(try reader.read(5))
    guard type == 5, reader.remaining >= 1 else { return .notSignalled }
    guard try reader.readFlag() else { return .absent }
    let rate = try readSampleRate(&reader)
    guard reader.remaining >= 12, try reader.read(11) == 0x548 else {
      return .present(sampleRate: rate, parametricStereo: nil)
    }
    return .present(sampleRate: rate, parametricStereo: try reader.readFlag())
  }

  private static func check(_ value: Int, _ field: FLVError.Field, in allowed: ClosedRange<Int>) throws(FLVError) {
    guard allowed.contains(value) else {
      throw .outOfRange(.audioSpecificConfig, field, value: value, allowed: allowed)
    }
  }

  private static let sampleRates = [
    96000, 88200, 64000, 48000, 44100, 32000, 24000, 22050, 16000, 12000, 11025, 8000, 7350,
  ]
}
