/// A text that must never be printed: its descriptions and dumps show nothing of it.
public struct Secret: Sendable, Equatable, CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
  private let text: String

  init(_ text: String) {
    self.text = text
  }

  /// The secret itself, for the one place that needs it.
  public func reveal() -> String { text }

  /// A stand-in.
  public var description: String { "(secret)" }
  /// A stand-in.
  public var debugDescription: String { description }
  /// Nothing of it.
  public var customMirror: Mirror { Mirror(self, children: []) }
}

extension ConfigurationValue {
  /// Longest secret in bytes.
  static var maximumSecretSize: Int { 64 << 10 }

  /// `file:PATH` (one line end at the end of the file is dropped), `env:NAME`, or the secret itself. No problem text
  /// repeats what stands there, for it may be the secret.
  func secret() -> Secret? {
    guard let text = text() else { return nil }
    if text.hasPrefix("file:") { return secret(fromFile: resolved(String(text.dropFirst(5)))) }
    if text.hasPrefix("env:") {
      let name = String(text.dropFirst(4))
      guard let value = reader.environment[name], !value.isEmpty else {
        problem("the environment has no variable \(quoted(name)), or it is empty: set it for the gateway's process")
        return nil
      }
      return Secret(value)
    }
    guard !text.isEmpty else {
      problem("an empty secret: write \"file:PATH\" or \"env:NAME\"")
      return nil
    }
    return Secret(text)
  }

  private func secret(fromFile path: String) -> Secret? {
    switch BoundedFile.read(path, limit: Self.maximumSecretSize) {
    case .failure(let reason):
      problem("cannot read the secret from \(quoted(path)): \(reason): make it readable or name another file")
      return nil
    case .success(let bytes):
      var text = String(decoding: bytes, as: UTF8.self)
      if text.hasSuffix("\r\n") || text.hasSuffix("\n") { text.removeLast() }
      guard !text.isEmpty else {
        problem("the secret file \(quoted(path)) is empty: write the secret into it")
        return nil
      }
      return Secret(text)
    }
  }
}
