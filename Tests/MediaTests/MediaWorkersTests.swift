import Synchronization
import Testing

@testable import Media

struct MediaWorkersTests {
  private let label = TranscodeLabel(from: "flv1", to: "vp8")

  /// Something that must never leave its thread; counts how many exist.
  private final class Confined {
    let alive: Counter
    var seen: [Int] = []

    init(_ alive: Counter) {
      self.alive = alive
      alive.add(1)
    }

    deinit { self.alive.add(-1) }
  }

  private final class Counter: Sendable {
    private let number = Atomic<Int>(0)
    var value: Int { self.number.load(ordering: .sequentiallyConsistent) }
    func add(_ count: Int) { self.number.wrappingAdd(count, ordering: .sequentiallyConsistent) }
  }

  /// Jobs of one lane that hold the worker until told to go on.
  private final class Gate: Sendable {
    private let wakeUp = WakeUp()
    func open() { self.wakeUp.post() }
    func pass() { self.wakeUp.wait() }
  }

  @Test func jobsOfALaneRunInOrderOnItsState() async {
    let workers = MediaWorkers(count: 2)
    let lanes = (0..<6).map { _ in workers.lane(self.label, limits: .init(frames: 2_000)) { [Int]() } }
    for number in 0..<1_000 {
      for lane in lanes { #expect(lane.submit(at: 0) { $0.append(number) } != .closed) }
    }
    for lane in lanes {
      let seen = await withCheckedContinuation { done in lane.submit { state in done.resume(returning: state) } }
      #expect(seen == Array(0..<1_000))
    }
    workers.shutDown()
  }

  @Test func stateIsMadeOnceAndFreedWhenTheLaneCloses() async {
    let workers = MediaWorkers(count: 1)
    let alive = Counter()
    let lane = workers.lane(self.label) { Confined(alive) }
    #expect(alive.value == 0)
    lane.submit { $0.seen.append(1) }
    lane.submit { $0.seen.append(2) }
    let seen = await withCheckedContinuation { done in lane.submit { done.resume(returning: $0.seen) } }
    #expect(seen == [1, 2])
    #expect(alive.value == 1)
    lane.close()
    #expect(lane.submit { _ in Issue.record("ran after close") } == .closed)
    // Another lane's job runs after the worker has seen the close.
    let other = workers.lane(self.label) { 0 }
    await withCheckedContinuation { done in other.submit { _ in done.resume() } }
    #expect(alive.value == 0)
    workers.shutDown()
  }

  @Test func droppingTheHandleClosesTheLane() async {
    let workers = MediaWorkers(count: 1)
    let alive = Counter()
    do {
      let lane = workers.lane(self.label) { Confined(alive) }
      await withCheckedContinuation { done in lane.submit { _ in done.resume() } }
    }
    let other = workers.lane(self.label) { 0 }
    await withCheckedContinuation { done in other.submit { _ in done.resume() } }
    #expect(alive.value == 0)
    workers.shutDown()
  }

  @Test func queueIsBoundedByCountAndByMediaTimeButControlsPass() {
    let workers = MediaWorkers(count: 1)
    let gate = Gate()
    let started = Gate()
    let lane = workers.lane(self.label, limits: .init(frames: 3, span: 1_000_000, controls: 2)) { 0 }
    lane.submit { _ in
      started.open()
      gate.pass()
    }
    started.pass()
    #expect(lane.submit(at: 5_000_000) { _ in } == .accepted(waiting: 1))
    #expect(lane.submit(at: 6_000_000) { _ in } == .accepted(waiting: 2))
    #expect(lane.submit(at: 6_000_001) { _ in } == .late(span: 1_000_001))
    #expect(lane.submit(at: .max) { _ in } == .late(span: (1 << 52) - 5_000_000))
    #expect(lane.submit(at: 5_500_000) { _ in } == .accepted(waiting: 3))
    #expect(lane.submit(at: 5_500_000) { _ in } == .full(waiting: 3))
    #expect(lane.submit { _ in } == .accepted(waiting: 4))
    #expect(lane.submit { _ in } == .accepted(waiting: 5))
    #expect(lane.submit { _ in } == .full(waiting: 2))
    gate.open()
    workers.shutDown()
  }

  @Test func lanesTakeTurns() async {
    let workers = MediaWorkers(count: 1)
    let (gate, started) = (Gate(), Gate())
    let order = Mutex<[String]>([])
    let lanes = ["a", "b"].map { name in (name, workers.lane(self.label) { 0 }) }
    lanes[0].1.submit { _ in
      started.open()
      gate.pass()
    }
    started.pass()
    let seen: [String] = await withCheckedContinuation { done in
      for (name, lane) in lanes { for _ in 0..<3 { lane.submit { _ in order.withLock { $0.append(name) } } } }
      lanes[1].1.submit { _ in done.resume(returning: order.withLock { $0 }) }
      gate.open()
    }
    #expect(seen == ["b", "a", "b", "a", "b", "a"])
    workers.shutDown()
  }

  @Test func lanesGoToTheLeastLoadedWorker() {
    let workers = MediaWorkers(count: 2)
    let heavy = workers.lane(self.label, weight: 3) { 0 }
    let light = (0..<3).map { _ in workers.lane(self.label) { 0 } }
    #expect(workers.weights == [3, 3])
    heavy.close()
    heavy.close()
    #expect(workers.weights == [0, 3])
    #expect(light.count == 3)
    workers.shutDown()
  }

  @Test func secondsOfALaneThatAlwaysHasWorkAreToldMeanwhile() async {
    let workers = MediaWorkers(count: 1)
    let lane = workers.lane(self.label, limits: .init(controls: 1_000)) { UInt64(0) }
    let gate = Gate()
    let seconds = await withCheckedContinuation { done in
      lane.submit { _ in gate.pass() }
      for _ in 0..<200 {
        lane.submit { state in for number in 0..<1_000 { state = state &* 31 &+ UInt64(number) } }
      }
      lane.submit { _ in done.resume(returning: workers.transcodeSeconds[lane.label] ?? 0) }
      gate.open()
    }
    #expect(seconds > 0)
    workers.shutDown()
  }

  @Test func secondsAreCountedByLabel() async {
    let workers = MediaWorkers(count: 1)
    #expect(workers.transcodeSeconds.isEmpty)
    let other = TranscodeLabel(.nellymoser, to: .opus())
    #expect(other == TranscodeLabel(from: "nellymoser", to: "opus"))
    let lane = workers.lane(self.label) { UInt64(0) }
    for label in [self.label, other] {
      lane.submit(as: label) { state in for number in 0..<2_000_000 { state = state &* 31 &+ UInt64(number) } }
    }
    await withCheckedContinuation { done in lane.submit(as: other) { _ in done.resume() } }
    workers.shutDown()
    let seconds = workers.transcodeSeconds
    #expect(Set(seconds.keys) == [self.label, other])
    #expect(seconds.values.allSatisfy { $0 > 0 && $0 < 60 })
  }

  @Test func shutdownFreesStatesAndRefusesWork() async {
    let workers = MediaWorkers(count: 2)
    let alive = Counter()
    let lanes = (0..<4).map { _ in workers.lane(self.label) { Confined(alive) } }
    for lane in lanes { await withCheckedContinuation { done in lane.submit { _ in done.resume() } } }
    #expect(alive.value == 4)
    workers.shutDown()
    #expect(alive.value == 0)
    #expect(lanes.allSatisfy { $0.submit { _ in } == .closed })
    #expect(workers.lane(self.label) { 0 }.submit { _ in } == .closed)
    workers.shutDown()
  }

  @Test func poolsComeAndGo() {
    for _ in 0..<50 {
      let workers = MediaWorkers(count: 3)
      let lane = workers.lane(self.label) { 0 }
      lane.submit { $0 += 1 }
    }
  }

  @Test(.enabled(if: FFmpeg.isInstalled, "ffmpeg makes the material and is not installed"))
  func transcoderLivesOnALane() async throws {
    let recording = try Recordings.flv1.get()
    let format = try recording.neededVideoFormat()
    let workers = MediaWorkers(count: 1)
    let lane = workers.lane(TranscodeLabel(.sorensonH263, to: .vp8()), limits: .init(span: 10_000_000)) {
      Result { () throws(MediaError) in try VideoTranscoder(from: format) }
    }
    let output = Mutex<[EncodedFrame]>([])
    for frame in recording.video {
      lane.submit(at: frame.time) { transcoder in
        try? transcoder.get().push(frame) { encoded in output.withLock { $0.append(encoded) } }
      }
    }
    await withCheckedContinuation { done in lane.submit { _ in done.resume() } }
    #expect(output.withLock { $0.map(\.time) } == recording.video.map(\.time))
    workers.shutDown()
    #expect((workers.transcodeSeconds[lane.label] ?? 0) > 0)
  }

  @Test func handlesMayBeUsedFromManyThreads() async {
    let workers = MediaWorkers(count: 2)
    let lanes = (0..<4).map { _ in workers.lane(self.label, limits: .init(frames: 100_000)) { 0 } }
    await withTaskGroup { group in
      for _ in 0..<8 {
        group.addTask { for round in 0..<2_000 { lanes[round % 4].submit(at: 0) { $0 += 1 } } }
      }
    }
    for lane in lanes {
      let count = await withCheckedContinuation { done in lane.submit { done.resume(returning: $0) } }
      #expect(count == 4_000)
    }
    workers.shutDown()
  }
}
