/// The gateway as one long-running service: what `flashgate serve` runs.
public enum GatewayService {
  /// Runs until it is told to stop (SIGTERM drains, a second one stops at once).
  /// - Throws: `ConfigurationError` for what only the machine can refuse (a port in use, a key that does not fit its
  ///   certificate), with the place of the value to blame; anything else is a fault.
  public static func run(configuration: Configuration) async throws {
    throw NotBuilt()
  }

  private struct NotBuilt: Error, CustomStringConvertible {
    var description: String { "serving is not built yet in this version" }
  }
}
