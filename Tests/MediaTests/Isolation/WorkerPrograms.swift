import BuiltPrograms
import Media

extension WorkerProgram {
  /// The gateway's own binary as a worker.
  static let honest = WorkerProgram(path: BuiltPrograms.path("flashgate"), arguments: [MediaWorkerProcess.verb])

  /// A worker of `Tests/TestWorker` that is not what it should be.
  static func broken(_ kind: String) -> WorkerProgram {
    WorkerProgram(path: BuiltPrograms.path("TestWorker"), arguments: [kind])
  }
}
