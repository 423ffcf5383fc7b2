import BuiltPrograms
import Media
import NIOCore
import RTP
import Testing

@testable import Rooms

/// What a publisher sent is shown and heard up to its last frame, whatever its codecs hold back.
@Suite(.timeLimit(.minutes(4))) struct EndOfSourceTests {
  private static func isGrowing(_ times: [Int64]) -> Bool { zip(times, times.dropFirst()).allSatisfy { $0 < $1 } }

  /// Pictures out of order, and behind them ten that pass through.
  private static func mixedThenPlain() throws -> (mixed: [Clip.Frame], plain: [Clip.Frame]) {
    let (mixed, plain) = (try Clip.reordered().pictures, try Clip.h264().pictures.prefix(10))
    let end = try #require(mixed.map(\.timestamp).max())
    let start = try #require(plain.first?.timestamp)
    return (mixed, plain.map { $0.later(by: end + 40 - start) })
  }

  private func stage(inProcess: Bool) -> Stage {
    guard inProcess else { return Stage() }
    var program = WorkerProgram(path: BuiltPrograms.path("flashgate"), arguments: [MediaWorkerProcess.verb])
    program.patience = .seconds(60)
    return Stage(codecs: .processes(program) { _ in })
  }

  @Test(arguments: [false, true])
  func theLastPicturesOfAStreamOutOfOrderAreShown(inProcess: Bool) async throws {
    let stage = stage(inProcess: inProcess)
    let publisher = try await stage.publisher()
    let clip = try Clip.reordered().pictures
    let sink = RecordingSink()
    publisher.picture.subscribe(sink.subscriber(1, [.vp8]))
    try await publisher.send(clip)
    try await publisher.end()
    let received = await sink.received.wait { $0.frames.count >= clip.count }
    let first = try #require(clip.map(\.timestamp).min())
    #expect(
      received.frames.map { $0.mediaTime / 90 - received.frames[0].mediaTime / 90 }
        == clip.map { $0.timestamp - first }.sorted())
    #expect(publisher.picture.plan.transcoded.isEmpty)
  }

  @Test func theLastSoundIsHeard() async throws {
    let stage = Stage()
    let publisher = try await stage.publisher()
    let sounds = try Clip.flv1().sounds.prefix(21)
    let sink = RecordingSink()
    publisher.sound.subscribe(sink.subscriber(1, [.opus]))
    try await publisher.send(sounds)
    try await publisher.end()
    // Nellymoser: 64 bytes for 256 samples, here at 22 050 Hz.
    let blocks = sounds.reduce(0) { $0 + $1.data.readableBytes / 64 }
    let packets = Int((Double(blocks * 256) / 22_050 / 0.02).rounded(.up))
    await sink.received.wait { $0.frames.count >= packets }
    #expect(Self.isGrowing(sink.received.value.frames.map(\.mediaTime)))
  }

  /// A browser that has the key frame of what follows takes nothing of what was before.
  @Test(arguments: [false, true])
  func aStreamThatPassesThroughAgainLosesNoPicture(inProcess: Bool) async throws {
    let stage = stage(inProcess: inProcess)
    let publisher = try await stage.publisher()
    let (mixed, plain) = try Self.mixedThenPlain()
    let sink = RecordingSink()
    publisher.picture.subscribe(sink.subscriber(1, [.vp8, .h264]))
    try await publisher.send(mixed)
    try await publisher.send(plain)
    let received = await sink.received.wait { $0.frames.count >= mixed.count + plain.count }
    #expect(received.renditions.prefix(mixed.count).allSatisfy { $0 == .picture(.vp8()) })
    #expect(received.renditions.dropFirst(mixed.count).allSatisfy { $0 == .untouched(.h264) })
    #expect(received.frames[mixed.count].isKeyFrame)
    #expect(Self.isGrowing(received.frames.map(\.mediaTime)))
  }

  @Test(arguments: [false, true])
  func aPublicationThatEndsJustAfterAChangeLosesNoPicture(inProcess: Bool) async throws {
    let stage = stage(inProcess: inProcess)
    let publisher = try await stage.publisher()
    let (mixed, plain) = try Self.mixedThenPlain()
    let sink = RecordingSink()
    publisher.picture.subscribe(sink.subscriber(1, [.vp8, .h264]))
    try await publisher.send(mixed)
    try await publisher.send(plain)
    try await publisher.end()
    let received = await sink.received.wait { received in
      received.renditions.count { $0 == .untouched(.h264) } >= plain.count
    }
    #expect(received.frames.count == mixed.count + plain.count)
    #expect(Self.isGrowing(received.frames.map(\.mediaTime)))
  }

  /// Who takes VP8 alone need not notice that others move from the untouched stream to a decoded one.
  @Test func aRenditionGoesOnWhenItsStreamBeginsToReorder() async throws {
    let stage = Stage()
    let publisher = try await stage.publisher()
    let clip = try Clip.h264().pictures
    let (able, unable) = (RecordingSink(), RecordingSink())
    publisher.picture.subscribe(able.subscriber(1, [.vp8, .h264]))
    publisher.picture.subscribe(unable.subscriber(2, [.vp8]))
    try await publisher.send(clip[..<10])
    let chain = try #require(publisher.picture.plan.transcoded.first?.chain)
    let reordering = clip[10..<25].map { frame in
      guard case .video(let format, _) = frame.source else { return frame }
      return Clip.Frame(
        source: .video(format, reorders: true), data: frame.data, timestamp: frame.timestamp,
        isKeyFrame: frame.isKeyFrame)
    }
    try await publisher.send(reordering)
    #expect(publisher.picture.plan.transcoded.map { $0.chain === chain } == [true])
    let received = await unable.received.wait { $0.frames.count >= 25 }
    #expect(Self.isGrowing(received.frames.map(\.mediaTime)))
    // Who comes to it begins with a key frame.
    let moved = await able.received.wait { $0.renditions.last == .picture(.vp8()) && $0.frames.count > 10 }
    #expect(moved.renditions.prefix(10).allSatisfy { $0 == .untouched(.h264) })
    #expect(zip(moved.renditions, moved.frames).contains { $0 == .picture(.vp8()) && $1.isKeyFrame })
    #expect(received.untouched.last == .some(nil))
  }

  @Test func soundOfAnotherCodecDoesNotOverlapWhatWasBefore() async throws {
    let stage = Stage()
    let publisher = try await stage.publisher()
    let before = try Clip.flv1().sounds.prefix(21)
    let blocks = before.reduce(0) { $0 + $1.data.readableBytes / 64 }
    let end = try #require(before.first?.timestamp) + Int64(blocks) * 256 * 1000 / 22_050
    let format = AudioFormat(codec: .pcmALaw, sampleRate: 8_000, channels: 1)
    let after = (0..<50).map { index in
      Clip.Frame(
        source: .audio(format), data: ByteBuffer(repeating: 0xD5, count: 160), timestamp: end + Int64(index) * 20,
        isKeyFrame: true)
    }
    let sink = RecordingSink()
    publisher.sound.subscribe(sink.subscriber(1, [.opus]))
    try await publisher.send(before)
    try await publisher.send(after)
    // At once, while the former codecs still hold something back.
    try await publisher.end()
    let length = Int64(blocks) * 256 * 1000 / 22_050 + 1_000
    let received = await sink.received.wait { received in
      guard let first = received.frames.first, let last = received.frames.last else { return false }
      return (last.mediaTime - first.mediaTime) / 48 + 20 >= length
    }
    let times = received.frames.map(\.mediaTime)
    #expect(zip(times, times.dropFirst()).allSatisfy { $1 - $0 == 960 }, "\(times)")
  }

  @Test func codecsThatNeverEndDoNotKeepAPublicationThatEnded() async throws {
    var program = WorkerProgram(path: BuiltPrograms.path("TestWorker"), arguments: ["silent"])
    program.patience = .seconds(60)
    let stage = Stage(codecs: .processes(program) { _ in }, endingPatience: .milliseconds(10))
    let publisher = try await stage.publisher()
    let (mixed, plain) = (try Clip.reordered().pictures.prefix(10), try Clip.h264().pictures.prefix(5))
    let sink = RecordingSink()
    publisher.picture.subscribe(sink.subscriber(1, [.vp8, .h264]))
    try await publisher.send(mixed)
    try await publisher.send(plain.map { $0.later(by: 1_000) })
    try await publisher.end()
    await sink.received.wait { $0.frames.count >= plain.count }
    // The loop has ended the publication in the turn in which it delivered the last of it.
    try await publisher.settle()
    #expect(!publisher.picture.isEnding)
    #expect(!publisher.picture.hasFeed)
  }

  @Test func codecsThatNeverEndAreNotWaitedForForEver() async throws {
    var program = WorkerProgram(path: BuiltPrograms.path("TestWorker"), arguments: ["silent"])
    program.patience = .seconds(60)
    let stage = Stage(codecs: .processes(program) { _ in }, endingPatience: .milliseconds(10))
    let publisher = try await stage.publisher()
    let (mixed, plain) = (try Clip.reordered().pictures.prefix(10), try Clip.h264().pictures.prefix(5))
    let sink = RecordingSink()
    publisher.picture.subscribe(sink.subscriber(1, [.vp8, .h264]))
    try await publisher.send(mixed)
    try await publisher.send(plain.map { $0.later(by: 1_000) })
    let received = await sink.received.wait { $0.frames.count >= plain.count }
    #expect(received.renditions.allSatisfy { $0 == .untouched(.h264) })
    #expect(!publisher.picture.isEnding)
  }
}
