import Foundation
import NIOCore

extension CaptureContents {
  /// Reads a capture from the disk; what is inside TLS is read with the keys of a key log or of the file itself.
  /// - Parameters:
  ///   - path: of the capture.
  ///   - keyLog: path of a file in the format of `SSLKEYLOGFILE`.
  /// - Throws: ``ReplayError``; ``ReplayError/undecryptable(_:)`` when keys are given and cannot be used at all.
  public init(path: String, keyLog: String? = nil) throws(ReplayError) {
    let store = try CaptureStore(path: path)
    let name = Self.streamName(for: path)
    self = try CaptureContents(reading: store, name: name, keepsSealed: keyLog != nil)
    guard !sealed.isEmpty, keyLog != nil || hasTLSSecrets else { return }
    if keyLog == nil { self = try CaptureContents(reading: store, name: name, keepsSealed: true) }
    let opened: [Int: CapturedConversation]
    do throws(ReplayError) {
      opened = try TLSDecryption(capture: path, keyLog: keyLog).conversations(sealed)
    } catch {
      // Keys that nobody asked to be used cost only what they would have opened.
      guard keyLog == nil, let first = sealed.first else { throw error }
      note(.undecryptable(error), first.packet, first.offset)
      return
    }
    guard !opened.isEmpty else { return }
    self = try CaptureContents(reading: store, name: name, opened: opened)
  }

  /// The file's name without what stands behind the dot, as far as a stream may be called so.
  private static func streamName(for path: String) -> String {
    let base = URL(filePath: path).deletingPathExtension().lastPathComponent
    let plain = String(
      base.unicodeScalars.map {
        $0.isASCII && $0.properties.isAlphabetic || ("0"..."9").contains($0) ? Character($0) : "-"
      })
    return plain.isEmpty ? "recording" : String(plain.prefix(64))
  }
}
