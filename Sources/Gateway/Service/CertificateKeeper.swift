import Edge
import Logging
import Synchronization

/// The certificates of all listeners, which can be read anew.
final class CertificateKeeper: Sendable {
  private struct Entry: Sendable {
    let source: TLSContextSource
    let tls: ListenerTLS
  }

  private let entries = Mutex<[Entry]>([])
  private let readiness: ReadinessBoard
  private let log: Logger

  init(readiness: ReadinessBoard, log: Logger) {
    self.readiness = readiness
    self.log = log
  }

  /// A listener uses this certificate.
  func add(_ source: TLSContextSource, _ tls: ListenerTLS) {
    entries.withLock { $0.append(Entry(source: source, tls: tls)) }
  }

  /// Reads the certificates anew. One that cannot be read leaves the one in force, and readiness says so.
  /// - Returns: what is wrong with those that could not be read.
  @discardableResult
  func reload() -> [String] {
    var faults: [String] = []
    for entry in entries.withLock({ $0 }) {
      let part = "certificate \(entry.tls.certificate.value)"
      do throws(TLSLoadError) {
        entry.source.replace(with: try entry.tls.settings.makeContext(validAt: LogTime.now().seconds))
        readiness.update { $0.clear(part: part) }
        log.notice("certificate read", metadata: ["path": "\(entry.tls.certificate.value)"])
      } catch {
        let detail = entry.tls.problem(error)?.message ?? "\(error)"
        readiness.update { $0.report(.init(part: part, detail: detail, isBlocking: false)) }
        log.error("certificate kept as it was", metadata: ["reason": "\(detail)"])
        faults.append(detail)
      }
    }
    return faults
  }
}
