import Logging
import Media

extension CodecPlace {
  /// Processes of `program`, if this machine gives them; threads if not, which the log says.
  init(_ program: WorkerProgram?, metrics: GatewayMetrics, log: Logger) {
    guard let program else {
      self = .threads
      return
    }
    do throws(WorkerLoss) {
      let missing = try program.probe()
      if !missing.isEmpty {
        log.warning("media workers are not fully confined", metadata: ["missing": "\(missing)"])
      }
    } catch {
      log.error(
        "codecs run inside the gateway: one that crashes on hostile media takes all rooms with it",
        metadata: ["reason": "\(error)"])
      self = .threads
      return
    }
    self = .processes(program) { loss in
      metrics.workersLost(loss.name).add()
      var metadata: Logger.Metadata = ["reason": "\(loss)"]
      if let process = loss.process { metadata["process"] = "\(process)" }
      if let label = loss.label { metadata["at_work"] = "\(label.from) to \(label.to)" }
      log.error("media worker lost, its tracks go on with another", metadata: metadata)
    }
  }
}
