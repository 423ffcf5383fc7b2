/// A track's place on a worker: jobs run in order, one at a time, on a state that no other thread can reach.
///
/// The handle is `Sendable`; the state need not be. Dropping the handle closes the lane.
public final class MediaLane<State>: Sendable {
  /// What jobs are counted as unless they say otherwise.
  public let label: TranscodeLabel
  private let id: LaneID
  private let worker: MediaWorker
  private let makeState: @Sendable (CodecHost) -> State

  init(
    id: LaneID, label: TranscodeLabel, worker: MediaWorker, makeState: @escaping @Sendable (CodecHost) -> State
  ) {
    self.id = id
    self.label = label
    self.worker = worker
    self.makeState = makeState
  }

  deinit { self.close() }

  /// Drops what waits and frees the state on its thread; jobs submitted later are refused.
  public func close() { self.worker.close(self.id) }

  /// Queues a job for media of `time` microseconds, or a control job when `time` is nil.
  ///
  /// Never blocks. When the answer is not `.accepted`, the job was dropped and the owner applies its rule (pictures:
  /// drop up to the next key frame, then ask for one).
  @discardableResult
  public func submit(
    at time: Int64? = nil, as label: TranscodeLabel? = nil, _ job: @escaping @Sendable (inout State) -> Void
  ) -> LaneAdmission {
    let (id, makeState) = (self.id, self.makeState)
    return self.worker.submit(
      .init(time: time, label: label ?? self.label) { states in states.with(id, make: makeState, job) },
      to: id)
  }
}
