/// The first bytes of an H.264 `profile-level-id` (RFC 6184 section 8.1): which profile, and which level.
struct H264Profile: Hashable {
  let profile: UInt8
  let constraints: UInt8
  let level: UInt8

  /// Six hexadecimal digits. Missing means Baseline at level 1, says the RFC.
  init?(_ text: String?) {
    guard let text else {
      self.profile = 0x42
      self.constraints = 0
      self.level = 0x0A
      return
    }
    guard text.utf8.count == 6, let number = UInt32(text, radix: 16) else { return nil }
    self.profile = UInt8(truncatingIfNeeded: number >> 16)
    self.constraints = UInt8(truncatingIfNeeded: number >> 8)
    self.level = UInt8(truncatingIfNeeded: number)
  }

  /// Baseline with constraint_set1: what every browser decodes.
  var isConstrainedBaseline: Bool { self.profile == 0x42 && self.constraints & 0x40 != 0 }

  var isBaseline: Bool { self.profile == 0x42 && self.constraints & 0x40 == 0 }
}
