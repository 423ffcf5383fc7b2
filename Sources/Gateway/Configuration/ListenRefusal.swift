import Glibc

extension ConfigurationError {
  /// What to tell when the system refuses an address of the configuration.
  /// - Parameters:
  ///   - address: the address as text, such as `0.0.0.0:1935` or `UDP port 8000`.
  ///   - position: where it is written.
  ///   - number: the system's error number of bind or listen.
  public static func cannotListen(on address: String, at position: SourcePosition, errno number: Int32) -> Self {
    let reason: String
    switch number {
    case EADDRINUSE: reason = "another program uses it: stop that program or choose another port"
    case EACCES: reason = "ports below 1024 need the right to bind them: grant it or choose a higher port"
    case EADDRNOTAVAIL: reason = "this machine has no such address: use one of its own, or 0.0.0.0 for all"
    default: reason = "\(String(cString: strerror(number))): check the address and the limits of the system"
    }
    return ConfigurationError(at: position, "cannot listen on \(address): \(reason)")
  }
}
