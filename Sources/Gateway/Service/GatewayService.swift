import Glibc
import Logging
import UnixSignals

/// The gateway as one long-running service: what `flashgate serve` runs.
public enum GatewayService {
  private enum Occasion {
    case signal(UnixSignal)
    case drained
  }

  /// Runs until it is told to stop: SIGTERM and SIGINT drain, a second one stops at once; SIGHUP reads certificates and
  /// rules of access anew.
  /// - Throws: `ConfigurationError` for what only the machine can refuse (a port in use, a key that does not fit its
  ///   certificate), with the place of the value to blame; anything else is a fault.
  /// - Parameter reread: reads the configuration file anew, for the rules of access.
  public static func run(
    configuration: Configuration, reread: (@Sendable () throws(ConfigurationError) -> Configuration)? = nil
  ) async throws {
    let log = Logger(label: "flashgate")
    // A file that may not grow is an error of its write, not the end of the process.
    signal(SIGXFSZ, SIG_IGN)
    // Before anything is open: a signal that comes while the gateway starts must not be lost.
    let signals = await UnixSignalsSequence(trapping: .sigterm, .sigint, .sighup)
    let gateway = try await RunningGateway.start(configuration, workers: .own, reread: reread, log: log)
    let (occasions, feed) = AsyncStream.makeStream(of: Occasion.self)
    let watch = Task { for await signal in signals { feed.yield(.signal(signal)) } }
    var drain: Task<Void, Never>?
    occasions: for await occasion in occasions {
      switch occasion {
      case .signal(.sighup): await gateway.reload()
      // The second one: those who are still there are cut off.
      case .signal where drain != nil: break occasions
      case .signal(let signal):
        log.notice("draining", metadata: ["reason": "\(signal)"])
        drain = Task {
          await gateway.drain()
          feed.yield(.drained)
        }
      case .drained: break occasions
      }
    }
    drain?.cancel()
    watch.cancel()
    await gateway.stop()
    log.notice("stopped")
  }
}
