import Foundation

@testable import Gateway

/// A temporary folder with a configuration and the files it names; removed with its owner.
final class ConfigurationFolder {
  let path: String

  init() throws {
    path = NSTemporaryDirectory() + "/flashgate-tests-" + UUID().uuidString
    try FileManager.default.createDirectory(atPath: path + "/tls", withIntermediateDirectories: true)
    try write("-----BEGIN CERTIFICATE-----\nAA==\n-----END CERTIFICATE-----\n", to: "tls/cert.pem")
    try write("-----BEGIN PRIVATE KEY-----\nAA==\n-----END PRIVATE KEY-----\n", to: "tls/key.pem")
  }

  deinit {
    try? FileManager.default.removeItem(atPath: path)
  }

  func write(_ text: String, to name: String) throws {
    try Data(text.utf8).write(to: URL(fileURLWithPath: path + "/" + name))
  }

  func parse(
    _ text: String, environment: [String: String] = [:]
  ) throws(ConfigurationError) -> Configuration {
    try Configuration.parse(text, file: path + "/gate.yaml", environment: environment)
  }

  /// All that is wrong with `text`, each as `line:column: message`, without the folder's path.
  func problems(_ text: String, environment: [String: String] = [:]) -> [String] {
    do throws(ConfigurationError) {
      _ = try parse(text, environment: environment)
      return []
    } catch {
      return error.problems.map {
        $0.description.replacingOccurrences(of: path + "/gate.yaml:", with: "")
          .replacingOccurrences(of: path + "/", with: "")
      }
    }
  }
}
