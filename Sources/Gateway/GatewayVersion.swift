/// Which FlashGate this is.
public enum GatewayVersion {
  /// Semantic version; `-dev` between releases.
  public static let text = "0.1.0-dev"
}
