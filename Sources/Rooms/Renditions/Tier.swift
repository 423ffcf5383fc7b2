/// How much of a picture a receiver gets: all of it, or what its line still carries. Sound is sent in every tier.
public enum Tier: Int, Sendable, Hashable, CaseIterable, Comparable {
  /// No picture.
  case none
  /// Half the width and height, few pictures a second.
  case slow
  /// Half the width and height.
  case reduced
  /// As the publisher sent it, or in its size.
  case whole

  /// By how much they ask of a line.
  public static func < (left: Tier, right: Tier) -> Bool { left.rawValue < right.rawValue }
}
