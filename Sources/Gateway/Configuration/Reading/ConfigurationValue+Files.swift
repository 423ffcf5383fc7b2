import Glibc

extension ConfigurationValue {
  /// A path to a file that the gateway makes, or goes on with. Whether it can shows when it is opened.
  func ownFile(like example: String) -> Located<String>? {
    guard let text = text() else { return nil }
    let path = resolved(text)
    var status = stat()
    guard !text.isEmpty, !text.hasSuffix("/"), stat(path, &status) != 0 || status.st_mode & S_IFMT != S_IFDIR else {
      problem("\(quoted(text)) names no file: write one such as \(example)")
      return nil
    }
    return Located(path, at: position)
  }

  /// What a PEM file must hold.
  enum PEMContent {
    case certificate, privateKey

    fileprivate var name: String { self == .certificate ? "certificate" : "private key" }

    /// Labels end so: `BEGIN CERTIFICATE`, `BEGIN PRIVATE KEY`, `BEGIN EC PRIVATE KEY` (RFC 7468).
    fileprivate func isIn(_ text: String) -> Bool {
      text.split(whereSeparator: \.isNewline).contains { line in
        line.hasPrefix("-----BEGIN ") && line.contains(self == .certificate ? "CERTIFICATE-----" : "PRIVATE KEY-----")
      }
    }
  }

  /// A path to a PEM file that can be read and holds what it should; that key and certificate fit each other shows when
  /// they are loaded.
  func pemFile(holding content: PEMContent) -> Located<String>? {
    guard let text = text() else { return nil }
    let path = resolved(text)
    guard reader.checksCertificates else { return Located(path, at: position) }
    switch BoundedFile.read(path, limit: 1 << 20) {
    case .failure(let reason):
      problem("cannot read the \(content.name) \(quoted(path)): \(reason): put a PEM file there or name another one")
      return nil
    case .success(let bytes):
      guard content.isIn(String(decoding: bytes, as: UTF8.self)) else {
        problem("\(quoted(path)) holds no \(content.name) in PEM form: name the file that does")
        return nil
      }
      return Located(path, at: position)
    }
  }
}
