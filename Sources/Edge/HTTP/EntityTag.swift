import HTTPTypes
import NIOCore

/// An entity tag (RFC 9110, section 8.8.3).
public struct EntityTag: Sendable, Hashable, CustomStringConvertible {
  /// The opaque text between the quotes.
  public let opaque: String
  /// Whether it only promises that the meaning is the same.
  public let isWeak: Bool

  /// Makes a tag of text that holds no quote, control or space.
  public init?(opaque: String, isWeak: Bool = false) {
    let allowed = opaque.utf8.allSatisfy { $0 == 0x21 || $0 >= 0x23 && $0 != 0x7F }
    guard allowed else { return nil }
    self.opaque = opaque
    self.isWeak = isWeak
  }

  /// The strong tag of an asset of ours: its length and a 64-bit FNV-1a sum. Not for content made by others, who could
  /// make two with the same sum.
  public init(of content: ByteBuffer) {
    var sum: UInt64 = 0xcbf2_9ce4_8422_2325
    for byte in content.readableBytesView { sum = (sum ^ UInt64(byte)) &* 0x100_0000_01b3 }
    opaque = String(content.readableBytes, radix: 16) + "-" + String(sum, radix: 16)
    isWeak = false
  }

  /// As it stands in a field.
  public var description: String { (isWeak ? "W/" : "") + "\"\(opaque)\"" }

  /// Whether If-None-Match names this tag (weak comparison, section 13.1.2) or is `*`.
  public func isNamed(inIfNoneMatch value: String) -> Bool {
    var rest = value.utf8[...]
    while let first = rest.first {
      switch first {
      case UInt8(ascii: "*"):
        return true
      case UInt8(ascii: "\""):
        rest = rest.dropFirst()
        guard let end = rest.firstIndex(of: UInt8(ascii: "\"")) else { return false }
        if rest[..<end].elementsEqual(opaque.utf8) { return true }
        rest = rest[rest.index(after: end)...]
      case UInt8(ascii: " "), UInt8(ascii: "\t"), UInt8(ascii: ","), UInt8(ascii: "W"), UInt8(ascii: "/"):
        rest = rest.dropFirst()
      default:
        return false
      }
    }
    return false
  }
}

extension HTTPServerResponse {
  /// A static asset with its tag: 304 without a body when the client has it already.
  public static func asset(
    _ content: ByteBuffer, contentType: String, tag: EntityTag, for request: HTTPServerRequest
  ) -> HTTPServerResponse {
    var fields: HTTPFields = [.eTag: tag.description, .cacheControl: "no-cache"]
    if let named = request.fields[.ifNoneMatch], tag.isNamed(inIfNoneMatch: named) {
      return HTTPServerResponse(status: .notModified, fields: fields)
    }
    fields[.contentType] = contentType
    return HTTPServerResponse(status: .ok, fields: fields, body: content)
  }
}
