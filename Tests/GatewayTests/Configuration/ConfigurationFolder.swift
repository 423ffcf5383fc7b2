import Foundation
import NIOSSL

@testable import Gateway

/// A temporary folder with a configuration and the files it names; removed with its owner.
final class ConfigurationFolder: Sendable {
  let path: String

  /// Two pairs of certificate and key, made once: with the openssl program, as an operator would.
  private static let pairs = Result { [try TestPair(), try TestPair()] }

  init() throws {
    path = NSTemporaryDirectory() + "/flashgate-tests-" + UUID().uuidString
    try FileManager.default.createDirectory(atPath: path + "/tls", withIntermediateDirectories: true)
    let pairs = try Self.pairs.get()
    try write(pairs[0].certificate, to: "tls/cert.pem")
    try write(pairs[0].key, to: "tls/key.pem")
    try write(pairs[1].key, to: "tls/other-key.pem")
    try write(
      "-----BEGIN CERTIFICATE-----\nAA==\n-----END CERTIFICATE-----\n"
        + "-----BEGIN PRIVATE KEY-----\nAA==\n-----END PRIVATE KEY-----\n", to: "tls/damaged.pem")
  }

  deinit {
    try? FileManager.default.removeItem(atPath: path)
  }

  func write(_ text: String, to name: String) throws {
    try Data(text.utf8).write(to: URL(fileURLWithPath: path + "/" + name))
  }

  func parse(
    _ text: String, environment: [String: String] = [:], now: Int64 = LogTime.now().seconds
  ) throws(ConfigurationError) -> Configuration {
    try Configuration.parse(text, file: path + "/gate.yaml", environment: environment, now: now)
  }

  /// The seconds since 1970 at which the certificate is valid.
  func validity() throws -> ClosedRange<Int64> {
    let certificates = try NIOSSLCertificate.fromPEMFile(path + "/tls/cert.pem")
    return Int64(certificates[0].notValidBefore)...Int64(certificates[0].notValidAfter)
  }

  /// All that is wrong with `text`, each as `line:column: message`, without the folder's path.
  func problems(
    _ text: String, environment: [String: String] = [:], now: Int64 = LogTime.now().seconds
  ) -> [String] {
    do throws(ConfigurationError) {
      _ = try parse(text, environment: environment, now: now)
      return []
    } catch {
      return error.problems.map {
        $0.description.replacingOccurrences(of: path + "/gate.yaml:", with: "")
          .replacingOccurrences(of: path + "/", with: "")
      }
    }
  }
}

/// A self-signed certificate for localhost and its key, as PEM texts.
private struct TestPair {
  struct Failed: Error {
    let status: Int32
  }

  let certificate: String
  let key: String

  init() throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "flashgate-pair-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let (certificateFile, keyFile) = (folder.appending(path: "cert.pem"), folder.appending(path: "key.pem"))
    let openssl = Process()
    openssl.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    openssl.arguments = [
      "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
      "-subj", "/CN=localhost", "-keyout", keyFile.path, "-out", certificateFile.path,
    ]
    openssl.standardError = FileHandle.nullDevice
    try openssl.run()
    openssl.waitUntilExit()
    guard openssl.terminationStatus == 0 else { throw Failed(status: openssl.terminationStatus) }
    certificate = try String(contentsOf: certificateFile, encoding: .utf8)
    key = try String(contentsOf: keyFile, encoding: .utf8)
  }
}
