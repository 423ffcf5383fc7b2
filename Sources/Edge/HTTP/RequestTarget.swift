/// Why a request target is refused (RFC 9112, section 3.2, and RFC 3986).
public enum RequestTargetError: Error, Hashable, CustomStringConvertible {
  /// Neither `/path` nor `http://host/path`.
  case notAPath
  /// A byte that no URI holds: a control, a space, `#`, or one above 126.
  case forbiddenByte(UInt8, offset: Int)
  /// `%` without two hexadecimal digits after it.
  case brokenEscape(offset: Int)
  /// The decoded text is not UTF-8.
  case notUTF8
  /// A path segment decodes to text with a separator or a control in it.
  case forbiddenInSegment
  /// `..` leads above the root.
  case climbsAboveRoot
  /// More items in the query than are read.
  case tooManyQueryItems(limit: Int)

  /// What is wrong, for the client.
  public var description: String {
    switch self {
    case .notAPath: "the request target is no path"
    case .forbiddenByte(let byte, let offset): "byte \(byte) at offset \(offset) cannot stand in a request target"
    case .brokenEscape(let offset): "the escape at offset \(offset) is not complete"
    case .notUTF8: "the decoded request target is not UTF-8"
    case .forbiddenInSegment: "a path segment holds an escaped separator or control"
    case .climbsAboveRoot: "the path leads above the root"
    case .tooManyQueryItems(let limit): "more than \(limit) query items"
    }
  }
}

/// The path and query of a request, decoded once and safe to use as names: no segment is `.` or `..`, none holds a
/// slash, a backslash or a control, and empty segments are gone except a last one (the path ends with a slash).
public struct RequestTarget: Sendable, Hashable {
  /// One `name=value` of the query, decoded; `+` is a space. Without `=` the value is empty.
  public struct QueryItem: Sendable, Hashable {
    /// The name.
    public var name: String
    /// The value.
    public var value: String
  }

  /// The decoded segments; the root has one that is empty.
  public let segments: [String]
  /// The query in its order.
  public let query: [QueryItem]
  /// The `host:port` of an absolute target, which comes before the Host field.
  let authority: String?

  /// The most query items read.
  public static let maximumQueryItems = 64

  /// The decoded path, starting with a slash. For display and comparison; it is not escaped.
  public var path: String { "/" + segments.joined(separator: "/") }

  /// The value of the first query item called `name`.
  public func queryValue(_ name: String) -> String? {
    query.first { $0.name == name }?.value
  }

  /// Reads a request target as it stands in the request line. Its length is bounded by the caller.
  public init(_ target: String) throws(RequestTargetError) {
    if let segments = Self.plainSegments(of: target) {
      self.segments = segments
      query = []
      authority = nil
      return
    }
    let bytes = Array(target.utf8)
    if let offset = bytes.firstIndex(where: { $0 < 0x21 || $0 > 0x7E || $0 == UInt8(ascii: "#") }) {
      throw .forbiddenByte(bytes[offset], offset: offset)
    }
    let start = try Self.startOfPath(bytes)
    authority = start.authority.map { String(decoding: $0, as: UTF8.self) }
    let rest = bytes[start.offset...]
    let mark = rest.firstIndex(of: UInt8(ascii: "?")) ?? rest.endIndex
    segments = try Self.segments(of: rest[..<mark])
    query = mark < rest.endIndex ? try Self.query(of: rest[(mark + 1)...]) : []
  }

  /// The segments of a path in which nothing is to be decoded, as a tunnel's requests have by the hundred a second; nil
  /// for all others.
  private static func plainSegments(of target: String) -> [String]? {
    let bytes = target.utf8
    guard bytes.first == UInt8(ascii: "/"), bytes.last != UInt8(ascii: "/") else { return nil }
    for byte in bytes {
      switch byte {
      case UInt8(ascii: "/"), UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "z"),
        UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "-"), UInt8(ascii: "_"):
        continue
      default:
        return nil
      }
    }
    return bytes.split(separator: UInt8(ascii: "/")).map { String(Substring($0)) }
  }

  /// Skips the scheme and authority of an absolute target.
  private static func startOfPath(
    _ bytes: [UInt8]
  ) throws(RequestTargetError) -> (offset: Int, authority: ArraySlice<UInt8>?) {
    if bytes.first == UInt8(ascii: "/") { return (0, nil) }
    for scheme in ["http://", "https://"] {
      let prefix = Array(scheme.utf8)
      guard bytes.count > prefix.count, zip(bytes, prefix).allSatisfy({ $0 | 0x20 == $1 | 0x20 }) else { continue }
      let end = bytes[prefix.count...].firstIndex { $0 == UInt8(ascii: "/") || $0 == UInt8(ascii: "?") }
      return (end ?? bytes.endIndex, bytes[prefix.count..<(end ?? bytes.endIndex)])
    }
    throw .notAPath
  }

  private static func segments(of path: ArraySlice<UInt8>) throws(RequestTargetError) -> [String] {
    var segments: [String] = []
    var endsInside = false
    for raw in path.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: true) {
      let segment = try decode(raw, plusIsSpace: false)
      let separators: Set<UInt8> = [UInt8(ascii: "/"), UInt8(ascii: "\\"), 0x7F]
      guard !segment.utf8.contains(where: { $0 < 0x20 || separators.contains($0) }) else { throw .forbiddenInSegment }
      endsInside = segment != "." && segment != ".."
      if segment == ".." {
        guard segments.popLast() != nil else { throw .climbsAboveRoot }
      } else if segment != "." {
        segments.append(segment)
      }
    }
    if !endsInside || path.last == UInt8(ascii: "/") { segments.append("") }
    return segments
  }

  private static func query(of bytes: ArraySlice<UInt8>) throws(RequestTargetError) -> [QueryItem] {
    let parts = bytes.split(separator: UInt8(ascii: "&"), omittingEmptySubsequences: true)
    guard parts.count <= maximumQueryItems else { throw .tooManyQueryItems(limit: maximumQueryItems) }
    var items: [QueryItem] = []
    for part in parts {
      let mark = part.firstIndex(of: UInt8(ascii: "=")) ?? part.endIndex
      items.append(
        QueryItem(
          name: try decode(part[..<mark], plusIsSpace: true),
          value: try decode(mark < part.endIndex ? part[(mark + 1)...] : [], plusIsSpace: true)))
    }
    return items
  }

  /// Undoes percent-encoding once; twice-encoded text stays encoded.
  private static func decode(_ raw: ArraySlice<UInt8>, plusIsSpace: Bool) throws(RequestTargetError) -> String {
    var decoded: [UInt8] = []
    decoded.reserveCapacity(raw.count)
    var index = raw.startIndex
    while index < raw.endIndex {
      let byte = raw[index]
      if byte == UInt8(ascii: "%") {
        guard index + 2 < raw.endIndex, let high = hexValue(raw[index + 1]), let low = hexValue(raw[index + 2]) else {
          throw .brokenEscape(offset: index)
        }
        decoded.append(high << 4 | low)
        index += 3
      } else {
        decoded.append(plusIsSpace && byte == UInt8(ascii: "+") ? UInt8(ascii: " ") : byte)
        index += 1
      }
    }
    guard let text = String(validating: decoded, as: UTF8.self) else { throw .notUTF8 }
    return text
  }

  private static func hexValue(_ byte: UInt8) -> UInt8? {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
    case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
    case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
    default: nil
    }
  }
}
