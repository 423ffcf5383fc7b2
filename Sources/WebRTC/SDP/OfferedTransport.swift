/// How the offerer wants to be reached: what bundled sections have in common (RFC 8843 section 7.1.3).
struct OfferedTransport: Hashable {
  let remote: ICECredentials
  let fingerprints: [Fingerprint]

  init(remote: ICECredentials, fingerprints: [Fingerprint]) {
    self.remote = remote
    self.fingerprints = fingerprints
  }

  /// Taken from the section that stands for the bundle; what it does not say, the session's level or another section
  /// of the bundle may.
  init(_ offer: SessionDescription, tagged: MediaSection, bundled: [MediaSection]) throws(NegotiationFault) {
    let levels = [tagged.attributes, offer.attributes] + bundled.map(\.attributes)
    if levels.contains(where: { $0.contains(.iceLite) }) { throw .bothLite }
    var ufrag: String?
    var password: String?
    var fingerprints: [Fingerprint] = []
    var setup: String?
    for attributes in levels {
      var here: [Fingerprint] = []
      for attribute in attributes {
        switch attribute {
        case .iceUfrag(let text): ufrag = ufrag ?? text
        case .icePassword(let text): password = password ?? text
        case .fingerprint(let fingerprint): here.append(fingerprint)
        case .setup(let role): setup = setup ?? role
        default: break
        }
      }
      if fingerprints.isEmpty { fingerprints = here.filter { Fingerprint.accepted.contains($0.algorithm) } }
    }
    let credentials = ICECredentials(ufrag: ufrag ?? "", password: password ?? "")
    guard credentials.isLegal else { throw .missingICECredentials }
    guard !fingerprints.isEmpty else { throw .missingFingerprint }
    // RFC 5763 section 5: an offer says actpass; active is possible; without the line the offerer is active.
    if let setup, setup != "actpass", setup != "active" { throw .setupNotActive(setup) }
    self.remote = credentials
    self.fingerprints = fingerprints
  }
}
