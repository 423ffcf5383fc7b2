/// The part of an AudioSpecificConfig that the AAC family shares (GASpecificConfig, ISO/IEC 14496-3 section 4.4.1).
struct GeneralAudioConfig {
  let samplesPerFrame: Int
  /// Channels of the program config element, if there is one.
  let channels: Int?

  /// `nil` for object types that have another form.
  init?(_ reader: inout BitReader, objectType: Int, channelConfiguration: Int) throws(FLVError) {
    guard [1, 2, 3, 4, 6, 7, 17, 19, 20, 21, 22, 23].contains(objectType) else { return nil }
    // Some writers end the bytes right here, with nothing but the defaults meant.
    guard reader.remaining >= 3 || channelConfiguration == 0 else {
      samplesPerFrame = 1024
      channels = nil
      return
    }
    samplesPerFrame = try reader.readFlag() ? 960 : 1024
    if try reader.readFlag() { try reader.skip(14) }  // coreCoderDelay
    let hasExtension = try reader.readFlag()
    channels = channelConfiguration == 0 ? try Self.readProgramChannels(&reader) : nil
    if objectType == 6 || objectType == 20 { try reader.skip(3) }  // layerNr
    if hasExtension {
      if objectType == 22 { try reader.skip(16) }
      if [17, 19, 20, 23].contains(objectType) { try reader.skip(3) }
      try reader.skip(1)  // extensionFlag3
    }
  }

  /// Section 4.4.1.1: elements in front, at the sides and behind are one channel or a pair; low frequency ones one.
  private static func readProgramChannels(_ reader: inout BitReader) throws(FLVError) -> Int {
    try reader.skip(4 + 2 + 4)  // tag, object type, rate index
    var elements = 0
    for _ in 0..<3 { elements += Int(try reader.read(4)) }
    let lowFrequency = Int(try reader.read(2))
    let associatedData = Int(try reader.read(3))
    let couplings = Int(try reader.read(4))
    if try reader.readFlag() { try reader.skip(4) }  // mono mixdown
    if try reader.readFlag() { try reader.skip(4) }  // stereo mixdown
    if try reader.readFlag() { try reader.skip(3) }  // matrix mixdown
    var channels = lowFrequency
    for _ in 0..<elements {
      channels += try reader.readFlag() ? 2 : 1
      try reader.skip(4)
    }
    try reader.skip(lowFrequency * 4 + associatedData * 4 + couplings * 5)
    reader.alignToByte()
    let commentLength = Int(try reader.read(8))
    try reader.skip(commentLength * 8)
    return channels
  }
}
