/// How loud a packet's sound is (RFC 6464, section 3).
public struct AudioLevel: Sendable, Hashable {
  /// Loudness below digital full scale, 0 (loudest) to 127 (silence), in decibels.
  public let attenuation: UInt8
  /// Whether the sender thinks that the packet holds voice.
  public let isVoice: Bool

  /// - Parameter attenuation: Decibels below full scale; more than 127 counts as 127.
  public init(attenuation: UInt8, isVoice: Bool) {
    self.attenuation = min(attenuation, 127)
    self.isVoice = isVoice
  }

  init(byte: UInt8) {
    self.init(attenuation: byte & 0x7F, isVoice: byte & 0x80 != 0)
  }

  var byte: UInt8 {
    attenuation | (isVoice ? 0x80 : 0)
  }
}
