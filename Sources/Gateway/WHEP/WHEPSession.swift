import Edge
import NIOCore

/// What a player's PATCH is held against: the ICE session that its offer and the answer began (RFC 9725, section 4.3).
struct WHEPSession: Sendable {
  /// The session's tag: a player that patches another one has missed something.
  let tag: EntityTag
  private let userFragments: [Substring]

  init(offer: String, answer: String) {
    tag = EntityTag(of: ByteBuffer(string: answer))
    userFragments = Self.userFragments(of: offer)
  }

  /// Whether a value of If-Match means this session. Without any, and with `*`, whatever session there is.
  func isMeant(byIfMatch value: String?) -> Bool {
    guard let value else { return true }
    return value.split(separator: ",").contains { part in
      let name = part.drop { $0 == " " }.prefix { $0 != " " }
      return name == "*" || name == tag.description
    }
  }

  /// Whether an SDP fragment begins a new ICE session: its user fragment is not the offer's.
  func isRestarted(by fragment: String) -> Bool {
    Self.userFragments(of: fragment).contains { !userFragments.contains($0) }
  }

  private static func userFragments(of text: String) -> [Substring] {
    let name = "a=ice-ufrag:"
    return text.split(whereSeparator: \.isNewline).filter { $0.hasPrefix(name) }.map { $0.dropFirst(name.count) }
  }
}
