/// What a recording leaves out of what was said.
public struct Anonymization: Sendable {
  /// Something that may stay as it was.
  public enum Part: String, Sendable, Hashable, CaseIterable {
    /// Applications, rooms, streams, users, and every other text of a call or its answer.
    case names
    /// Addresses of clients and servers.
    case addresses
    /// `tcUrl`, `swfUrl`, `pageUrl`: hosts and paths.
    case urls
  }

  /// What stays; access keys never do.
  public let kept: Set<Part>
  /// Whether sound and pictures are recorded.
  public let recordsMedia: Bool
  let pseudonyms: Pseudonyms

  /// - Parameters:
  ///   - kept: what stays as it was.
  ///   - recordsMedia: whether sound and pictures are recorded.
  ///   - random: the source of the recording's secret; must be one for secrets.
  public init(keeping kept: Set<Part> = [], recordsMedia: Bool = true, random: inout some RandomNumberGenerator) {
    self.kept = kept
    self.recordsMedia = recordsMedia
    pseudonyms = Pseudonyms(random: &random)
  }

  func replaces(_ part: Part) -> Bool { !kept.contains(part) }

  func endpoint(_ end: CapturedEndpoint) -> CapturedEndpoint {
    guard replaces(.addresses) else { return end }
    return CapturedEndpoint(address: pseudonyms.address(for: end.address), port: end.port)
  }
}
