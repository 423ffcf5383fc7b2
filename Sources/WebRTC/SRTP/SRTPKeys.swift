/// The protection profiles we agree to, best first (RFC 5764 section 4.1.2, RFC 7714 section 14.2). AES-GCM leads
/// because it costs a quarter of AES-CM with HMAC-SHA1.
enum SRTPProfile: UInt, CaseIterable, Sendable {
  case aeadAES128GCM = 7
  case aes128CMSHA1_80 = 1
  case aeadAES256GCM = 8

  var openSSLName: String {
    switch self {
    case .aeadAES128GCM: "SRTP_AEAD_AES_128_GCM"
    case .aes128CMSHA1_80: "SRTP_AES128_CM_SHA1_80"
    case .aeadAES256GCM: "SRTP_AEAD_AES_256_GCM"
    }
  }

  /// Whether the cipher authenticates by itself (RFC 7714).
  var isGCM: Bool { self != .aes128CMSHA1_80 }
  /// Bytes of the master key.
  var keyLength: Int { self == .aeadAES256GCM ? 32 : 16 }
  /// Bytes of the master salt.
  var saltLength: Int { self == .aes128CMSHA1_80 ? 14 : 12 }
  /// What the DTLS exporter must give: both sides' keys and salts.
  var exportedLength: Int { 2 * (self.keyLength + self.saltLength) }
}

/// Master key and salt of each direction.
struct SRTPKeys {
  let profile: SRTPProfile
  /// Key, then salt, of what we send.
  let outbound: [UInt8]
  /// Key, then salt, of what we receive.
  let inbound: [UInt8]

  /// Cuts the exporter's bytes, whose order is client key, server key, client salt, server salt
  /// (RFC 5764 section 4.2).
  init?(profile: SRTPProfile, exported: [UInt8], isServer: Bool) {
    guard exported.count == profile.exportedLength else { return nil }
    let key = profile.keyLength
    let salts = exported.dropFirst(2 * key)
    let client = Array(exported.prefix(key)) + salts.prefix(profile.saltLength)
    let server = Array(exported.dropFirst(key).prefix(key)) + salts.dropFirst(profile.saltLength)
    self.profile = profile
    self.outbound = isServer ? server : client
    self.inbound = isServer ? client : server
  }
}
