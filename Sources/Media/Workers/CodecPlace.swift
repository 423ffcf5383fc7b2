/// Where the workers' codecs run.
public enum CodecPlace: Sendable {
  /// On the workers' own threads: a codec that crashes takes the program with it. For tests, and for machines that give
  /// no processes.
  case threads
  /// In a process for each worker, started when there is work and replaced when it is lost; `report` is told of each
  /// loss, on any thread.
  case processes(WorkerProgram, report: @Sendable (WorkerLoss) -> Void)
}
