import BuiltPrograms
import Glibc
import Metrics
import NIOCore
import RTP
import Synchronization
import Testing

@testable import Media
@testable import Rooms

@Suite(.timeLimit(.minutes(4))) struct WorkerLossTests {
  /// Losses that a stage's workers told of.
  private final class Losses: Sendable {
    private let losses = Mutex<[WorkerLoss]>([])
    var all: [WorkerLoss] { losses.withLock { $0 } }
    func add(_ loss: WorkerLoss) { losses.withLock { $0.append(loss) } }
  }

  private func stage(_ program: String, _ arguments: [String], _ losses: Losses = Losses()) -> Stage {
    var program = WorkerProgram(path: BuiltPrograms.path(program), arguments: arguments)
    program.patience = .seconds(60)
    return Stage(codecs: .processes(program) { losses.add($0) })
  }

  private func process(of stage: Stage) async -> Int32? {
    let lane = stage.workers.lane(TranscodeLabel(from: "test", to: "test")) { host in host }
    return await withCheckedContinuation { done in lane.submit { done.resume(returning: $0.link?.processID) } }
  }

  @Test func aKilledWorkerCostsAKeyFrameAndNoMore() async throws {
    let stage = stage("flashgate", [MediaWorkerProcess.verb])
    let publisher = try await stage.publisher()
    let clip = try Clip.flv1()
    let sink = RecordingSink()
    publisher.picture.subscribe(sink.subscriber(1, [.vp8]))
    publisher.sound.subscribe(sink.subscriber(2, [.opus]))
    try await publisher.send(clip.pictures.prefix(30))
    try await publisher.send(clip.sounds.prefix(50))
    await sink.received.wait { $0.frames.filter { $0.codec == .vp8 }.count >= 30 }
    let process = try #require(await process(of: stage))
    kill(process, SIGKILL)
    // In the middle of a group of pictures, and no key frame comes.
    try await publisher.send(clip.pictures[30..<32])
    let begun = await sink.received.wait { $0.frames.dropFirst(30).contains { $0.codec == .vp8 && $0.isKeyFrame } }
    try await publisher.send(clip.pictures[32..<40])
    try await publisher.send(clip.sounds[50..<100])
    let newest = clip.pictures[39].timestamp
    let all = await sink.received.wait { received in
      let pictures = received.frames.filter { $0.codec == .vp8 }
      let sounds = received.frames.filter { $0.codec == .opus }
      guard let last = pictures.last, let first = pictures.first else { return false }
      return (last.mediaTime - first.mediaTime) / 90 >= newest - clip.pictures[0].timestamp && sounds.count > 35
    }
    for codec in [PayloadCodec.vp8, .opus] {
      let times = all.frames.filter { $0.codec == codec }.map(\.mediaTime)
      #expect(zip(times, times.dropFirst()).allSatisfy { $0 < $1 }, "time never stands or goes back")
    }
    #expect(begun.frames.count > 30)
  }

  @Test func aTrackThatKillsItsWorkersRestsAndLeavesTheOthersTheirs() async throws {
    let losses = Losses()
    let stage = stage("TestWorker", ["poisoned"], losses)
    let publisher = try await stage.publisher()
    let sink = RecordingSink()
    publisher.picture.subscribe(sink.subscriber(1, [.vp8]))
    // Ten seconds of pictures of which each is deadly.
    let poison = ByteBuffer(string: "POISON")
    for index in 0..<250 {
      try await publisher.send([
        Clip.Frame(
          source: .video(VideoFormat(codec: .sorensonH263), reorders: false), data: poison,
          timestamp: Int64(index) * 40, isKeyFrame: true)
      ])
      await stage.codecsAreDone()
    }
    #expect(!losses.all.isEmpty)
    // At 0 s twice, then after rests of 1, 2, and 4 s.
    #expect(losses.all.count <= 6)
    #expect(losses.all.allSatisfy { $0.reason == .ended })
    #expect(stage.failures.value >= 2)
  }
}
