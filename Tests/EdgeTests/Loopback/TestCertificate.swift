import Foundation
import NIOSSL
import Testing

@testable import Edge

/// A self-signed certificate for localhost, made by the openssl program into a folder of its own.
final class TestCertificate: Sendable {
  struct Failed: Error {
    let status: Int32
  }

  let folder: URL
  var certificatePath: String { folder.appending(path: "cert.pem").path }
  var keyPath: String { folder.appending(path: "key.pem").path }

  /// - Parameter subject: in the notation of the openssl program.
  init(subject: String = "/CN=localhost") throws {
    folder = FileManager.default.temporaryDirectory.appending(path: "edge-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    let openssl = Process()
    openssl.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    openssl.arguments = [
      "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
      "-utf8", "-subj", subject, "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1",
      "-keyout", keyPath, "-out", certificatePath,
    ]
    openssl.standardError = FileHandle.nullDevice
    try openssl.run()
    openssl.waitUntilExit()
    guard openssl.terminationStatus == 0 else { throw Failed(status: openssl.terminationStatus) }
  }

  deinit {
    try? FileManager.default.removeItem(at: folder)
  }

  func settings(_ minimum: TLSProtocolVersion = .v1_2, _ maximum: TLSProtocolVersion = .v1_3) -> TLSSettings {
    TLSSettings(
      certificatePath: certificatePath, keyPath: keyPath, minimumVersion: minimum, maximumVersion: maximum)
  }

  func certificate() throws -> NIOSSLCertificate {
    try #require(try NIOSSLCertificate.fromPEMFile(certificatePath).first)
  }
}
