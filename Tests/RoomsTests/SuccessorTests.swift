import Media
import NIOCore
import NIOPosix
import RTP
import Testing

@testable import Rooms

/// A publisher and the one that comes after it under the same name.
@Suite(.timeLimit(.minutes(4))) struct SuccessorTests {
  private static let group = MultiThreadedEventLoopGroup(numberOfThreads: 2)

  @Test(arguments: [true, false])
  func aPausedSpeakerGoesOnFromAnotherLoopForTheSameReceivers(untouched: Bool) async throws {
    let stage = Stage()
    let clip = untouched ? try Clip.h264() : try Clip.flv1()
    let (here, there) = (Self.group.next(), Self.group.next())
    #expect(here !== there)
    let first = try await stage.publisher(on: here)
    let sink = RecordingSink()
    first.picture.subscribe(sink.subscriber(1, untouched ? [.h264] : [.vp8]))
    try await first.send(clip.pictures.prefix(10))
    await sink.received.wait { $0.frames.count == 10 }
    try await first.end()
    await stage.engine.ended(first.publication, .broken)
    #expect(first.picture.plan.transcoded.isEmpty, "a codec without a publisher holds memory for nothing")

    stage.time.advance(.seconds(5))
    let second = try await stage.publisher(on: there)
    #expect(second.picture === first.picture)
    try await second.send(clip.pictures.prefix(10))
    let received = await sink.received.wait { $0.frames.count >= 20 }
    #expect(received.frames[10].isKeyFrame)
    let gap = (received.frames[10].mediaTime - received.frames[0].mediaTime) / 90
    #expect(gap == 5000, "media time goes on as time went on")
    #expect(zip(received.frames, received.frames.dropFirst()).allSatisfy { $0.mediaTime < $1.mediaTime })
  }

  @Test func framesOfAReplacedPublisherNoLongerReachReceivers() async throws {
    let stage = Stage()
    let clip = try Clip.h264()
    let first = try await stage.publisher(on: Self.group.next())
    let sink = RecordingSink()
    first.picture.subscribe(sink.subscriber(1, [.h264]))
    try await first.send(clip.pictures.prefix(5))
    let second = try await stage.publisher(on: Self.group.next())
    // Until the successor sends, the old one's pictures are as good as any.
    try await first.send(clip.pictures[5..<6])
    #expect(sink.received.value.frames.count == 6)
    try await second.send(clip.pictures.prefix(3))
    try await first.send(clip.pictures[6..<20])
    #expect(sink.received.value.frames.count == 9)
    // Nor does its end, or a track that it begins late, disturb the successor.
    let sounds = try Clip.flv1().sounds
    try await second.send(sounds.prefix(1))
    try await first.send(sounds.prefix(1))
    try await first.end()
    try await second.send(clip.pictures[3..<5])
    #expect(sink.received.value.frames.count == 11)
    let times = sink.received.value.frames.map(\.mediaTime)
    #expect(zip(times, times.dropFirst()).allSatisfy { $0 < $1 }, "\(times)")
  }

  @Test func aHastyPublishersSuccessorDoesNotJumpBack() async throws {
    let stage = Stage()
    let clip = try Clip.h264()
    let sink = RecordingSink()
    let first = try await stage.publisher()
    first.picture.subscribe(sink.subscriber(1, [.h264]))
    // Two seconds of pictures at once.
    try await first.send(clip.pictures)
    try await first.end()
    await stage.engine.ended(first.publication, .orderly)
    let second = try await stage.publisher()
    try await second.send(clip.pictures.prefix(2))
    let times = sink.received.value.frames.map(\.mediaTime)
    #expect(times.count == 52)
    #expect(zip(times, times.dropFirst()).allSatisfy { $0 < $1 })
  }

  @Test func stampsWithoutSenseDoNotMoveTheSuccessorsTime() async throws {
    let stage = Stage()
    let clip = try Clip.h264()
    let sink = RecordingSink()
    for _ in 0..<8 {
      let publisher = try await stage.publisher()
      publisher.picture.subscribe(sink.subscriber(1, [.h264]))
      try await publisher.send([clip.pictures[0].later(by: -1 << 60), clip.pictures[0].later(by: 1 << 60)])
      try await publisher.end()
    }
    let last = try await stage.publisher()
    try await last.send(clip.pictures.prefix(1))
    // Each jump goes on a moment behind what was, and no further.
    let time = try #require(sink.received.value.frames.last?.mediaTime)
    #expect((90_000...180_000).contains(time), "\(time)")
  }
}
