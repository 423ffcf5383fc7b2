/// Where the workers' codecs run.
public enum CodecPlace: Sendable {
  /// On the workers' own threads: a codec that crashes takes the program with it. For tests, and for machines that give
  /// no processes.
  case threads
  /// On the thread that submits a job, before `submit` returns, and one job after another: nothing is refused because the
  /// codecs do not keep up, and the same jobs always do the same. For replays, where time waits for the codecs.
  case caller
  /// In a process for each worker, started when there is work and replaced when it is lost; `report` is told of each
  /// loss, on any thread.
  case processes(WorkerProgram, report: @Sendable (WorkerLoss) -> Void)
}
