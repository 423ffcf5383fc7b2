import BuiltPrograms
import Glibc
import NIOCore
import RTP
import Testing

@testable import Media
@testable import Rooms

struct StandingPictureScheduleTests {
  private let start = NIODeadline.uptimeNanoseconds(1_000_000_000_000)

  /// Milliseconds from the start at which a picture is shown again, looked at each 50 ms.
  private func turns(
    _ standing: inout StandingPicture, from: Int64 = 0, to end: Int64, isScreen: Bool = false
  ) -> [Int64] {
    stride(from: from, through: end, by: 50).filter {
      standing.takeTurn(at: start + .milliseconds($0), isScreen: isScreen) != nil
    }
  }

  @Test func itIsShownAgainSoonAndThenAsOftenAsBrowsersNeedItToAsk() {
    var standing = StandingPicture(patience: .milliseconds(250))
    #expect(turns(&standing, to: 10_000).isEmpty, "no picture stands yet")
    #expect(standing.deadline(isScreen: true) == nil)
    standing.picture(at: start)
    #expect(turns(&standing, to: 8_000) == [250, 750, 1_750, 3_250, 4_750, 6_250, 7_750])
  }

  @Test(arguments: [(false, [1_100, 1_600, 2_600, 4_100]), (true, [1_100, 1_600, 2_600, 4_100, 5_600, 7_100])])
  func whatMovedAndStopsIsLeftAfterAWhileButForAScreen(_ isScreen: Bool, _ expected: [Int64]) {
    var standing = StandingPicture(patience: .milliseconds(250))
    for time: Int64 in [0, 810, 850] { standing.picture(at: start + .milliseconds(time)) }
    #expect(turns(&standing, from: 850, to: 8_000, isScreen: isScreen) == expected)
  }

  @Test func whileNewPicturesComeNoneIsShownAgain() {
    var standing = StandingPicture(patience: .milliseconds(250))
    for time in stride(from: Int64(0), to: 5_000, by: 200) {
      standing.picture(at: start + .milliseconds(time))
      #expect(standing.takeTurn(at: start + .milliseconds(time + 199), isScreen: true) == nil)
    }
  }

  @Test func whoComesLaterSeesItAsSoonAsTheFirst() {
    var standing = StandingPicture(patience: .milliseconds(250))
    standing.picture(at: start)
    _ = turns(&standing, to: 60_000)
    standing.joined(at: start + .seconds(60))
    #expect(turns(&standing, from: 60_050, to: 62_000) == [60_250, 60_750, 61_750])
    #expect(standing.age(at: start + .seconds(60)) == .seconds(60))
  }

  @Test func aPictureThatHasJustComeHasNoAge() {
    var standing = StandingPicture(patience: .milliseconds(250))
    #expect(standing.age(at: start) == .zero)
    standing.picture(at: start)
    #expect(standing.age(at: start + .milliseconds(249)) == .zero)
    #expect(standing.age(at: start + .milliseconds(250)) == .milliseconds(250))
  }
}

@Suite(.timeLimit(.minutes(4))) struct StandingPictureTests {
  private static let soon = TimeAmount.milliseconds(20)

  @Test func theOnlyPictureOfAPublicationIsShownAgainWithoutAKeyFrame() async throws {
    let stage = Stage(standingPatience: Self.soon)
    let publisher = try await stage.publisher()
    let sink = RecordingSink()
    publisher.picture.subscribe(sink.subscriber(1, [.vp8]))
    try await publisher.send(try Clip.flv1().pictures.prefix(1))
    let received = await sink.received.wait { $0.frames.count >= 4 }.frames.prefix(4)
    #expect(received.map(\.isKeyFrame) == [true, false, false, false])
    let times = received.map { $0.mediaTime / 90 }
    #expect(times[0] == Timeline.margin / 1_000)
    // Each at the media time that it is by then.
    #expect(zip(times, times.dropFirst()).allSatisfy { $1 - $0 >= 20 })
  }

  /// The budget of key frames is not for ever: what it could not give is given though no picture comes.
  @Test func whoAskedInVainGetsAKeyFrameWithoutANewPicture() async throws {
    let stage = Stage(standingPatience: Self.soon)
    let publisher = try await stage.publisher()
    try await publisher.send(try Clip.flv1().pictures.prefix(1))
    let sink = RecordingSink()
    publisher.picture.subscribe(sink.subscriber(1, [.vp8]))
    // Until it is plain that no picture is about to come, which would be the key frame.
    await sink.received.wait { $0.frames.count >= 5 }
    for _ in 0..<(KeyFrameBudget.size + 1) { publisher.picture.requestKeyFrame(for: SubscriberID(1)) }
    await sink.received.wait { $0.keyFrames >= 1 + KeyFrameBudget.size + 1 }
  }

  @Test func whatComesLateAfterItIsShownAtOnceAndThenInTime() async throws {
    let stage = Stage(standingPatience: Self.soon)
    let publisher = try await stage.publisher()
    let clip = try Clip.flv1().pictures
    let sink = RecordingSink()
    publisher.picture.subscribe(sink.subscriber(1, [.vp8]))
    try await publisher.send(clip.prefix(1))
    await sink.received.wait { ($0.frames.last?.mediaTime ?? 0) / 90 >= Timeline.margin / 1_000 + 200 }
    // Held up on their way: all at once, with the stamps that they had.
    try await publisher.send(clip[1..<50])
    let last = (clip[49].timestamp - clip[0].timestamp + Timeline.margin / 1_000) * 90
    let frames = await sink.received.wait { $0.frames.contains { $0.mediaTime == last } }.frames
    #expect(zip(frames, frames.dropFirst()).allSatisfy { $0.mediaTime < $1.mediaTime })
  }

  @Test func anUntouchedPictureIsShownAgainOnlyIfItStandsAlone() async throws {
    let stage = Stage(standingPatience: Self.soon)
    let publisher = try await stage.publisher()
    let clip = try Clip.h264().pictures
    let sink = RecordingSink()
    publisher.picture.subscribe(sink.subscriber(1, [.h264]))
    try await publisher.send(clip.prefix(1))
    let alone = await sink.received.wait { $0.frames.count >= 3 }.frames
    #expect(alone.map(\.isKeyFrame).allSatisfy { $0 })
    #expect(zip(alone, alone.dropFirst()).allSatisfy { $0.mediaTime < $1.mediaTime })
    try await publisher.send(clip[1..<3])
    let count = sink.received.value.frames.count
    // A codec's receiver tells when turns have gone by.
    let other = RecordingSink()
    publisher.picture.subscribe(other.subscriber(2, [.vp8]))
    await other.received.wait { $0.frames.count >= 3 }
    #expect(sink.received.value.frames.count == count)
  }

  @Test func aKilledWorkerIsReplacedForAPictureThatStands() async throws {
    var program = WorkerProgram(path: BuiltPrograms.path("flashgate"), arguments: [MediaWorkerProcess.verb])
    program.patience = .seconds(60)
    let stage = Stage(codecs: .processes(program) { _ in }, standingPatience: Self.soon)
    let publisher = try await stage.publisher()
    let sink = RecordingSink()
    publisher.picture.subscribe(sink.subscriber(1, [.vp8]))
    try await publisher.send(try Clip.flv1().pictures.prefix(1))
    for round in 1...3 {
      // As a key frame, for the new encoder has no other.
      let before = await sink.received.wait { $0.keyFrames >= round }
      await sink.received.wait { $0.frames.count > before.frames.count }
      let lane = stage.workers.lane(TranscodeLabel(from: "test", to: "test")) { host in host }
      let process = await withCheckedContinuation { (done: CheckedContinuation<Int32?, Never>) in
        lane.submit { done.resume(returning: $0.link?.processID) }
      }
      kill(try #require(process), SIGKILL)
    }
    let all = await sink.received.wait { $0.keyFrames >= 4 }.frames
    #expect(zip(all, all.dropFirst()).allSatisfy { $0.mediaTime < $1.mediaTime })
  }
}
