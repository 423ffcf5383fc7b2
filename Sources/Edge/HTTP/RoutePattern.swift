/// The pattern of a path: literal segments, `{name}` for one segment that is not empty, and as the last one
/// `{name...}` for all that remain (at least one, joined by slashes).
public struct RoutePattern: Sendable, Hashable, ExpressibleByStringLiteral, CustomStringConvertible {
  private enum Segment: Sendable, Hashable {
    case literal(String)
    case parameter(String)
    case rest(String)

    /// Literal before parameter before rest.
    var generality: Int {
      switch self {
      case .literal: 0
      case .parameter: 1
      case .rest: 2
      }
    }
  }

  /// The pattern as written.
  public let description: String
  private let segments: [Segment]

  /// A pattern is part of the program: it starts with a slash and uses `{name...}` only as the last segment.
  public init(stringLiteral pattern: String) {
    precondition(pattern.hasPrefix("/"), "a route pattern starts with a slash")
    description = pattern
    segments = pattern.dropFirst().split(separator: "/", omittingEmptySubsequences: false).map { part in
      guard part.hasPrefix("{"), part.hasSuffix("}") else { return .literal(String(part)) }
      let name = part.dropFirst().dropLast()
      return name.hasSuffix("...") ? .rest(String(name.dropLast(3))) : .parameter(String(name))
    }
    precondition(
      segments.dropLast().allSatisfy { $0.generality < 2 }, "only the last segment of a pattern takes all that remain")
  }

  /// What the names stand for when `path` (decoded segments) matches; nil when it does not.
  func match(_ path: [String]) -> [String: String]? {
    var parameters: [String: String] = [:]
    for (index, segment) in segments.enumerated() {
      guard index < path.count else { return nil }
      switch segment {
      case .literal(let text):
        guard path[index] == text else { return nil }
      case .parameter(let name):
        guard !path[index].isEmpty else { return nil }
        parameters[name] = path[index]
      case .rest(let name):
        parameters[name] = path[index...].joined(separator: "/")
        return parameters
      }
    }
    return path.count == segments.count ? parameters : nil
  }

  /// Whether this pattern comes before `other` when both are tried: literal segments before parameters before rests,
  /// from the left.
  func isMoreSpecific(than other: RoutePattern) -> Bool {
    segments.map(\.generality).lexicographicallyPrecedes(other.segments.map(\.generality))
  }
}
