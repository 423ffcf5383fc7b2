import Media
import NIOCore
import NIOPosix
import RTP
import Testing

@testable import Rooms

@Suite(.timeLimit(.minutes(4))) struct TrackTests {
  @Test func aTrackThatNobodyWantsRunsNoCodec() async throws {
    let stage = Stage()
    let publisher = try await stage.publisher()
    let clip = try Clip.flv1()
    try await publisher.send(clip.pictures)
    try await publisher.send(clip.sounds)
    await stage.codecsAreDone()
    #expect(publisher.picture.plan.transcoded.isEmpty)
    #expect(publisher.sound.plan.transcoded.isEmpty)
    #expect(stage.codecSeconds == 0)
  }

  @Test func aReceiverOfH264GetsItUntouchedAndNoCodecRuns() async throws {
    let stage = Stage()
    let publisher = try await stage.publisher()
    let clip = try Clip.h264()
    let sink = RecordingSink()
    publisher.picture.subscribe(sink.subscriber(1, [.vp8, .h264]))
    try await publisher.send(clip.pictures)
    let received = sink.received.value
    #expect(received.frames.count == clip.pictures.count)
    #expect(received.frames.allSatisfy { $0.codec == .h264 })
    #expect(received.untouched.allSatisfy { $0 == .h264 })
    #expect(received.frames.map(\.isKeyFrame) == clip.pictures.map(\.isKeyFrame))
    let first = try #require(received.frames.first)
    #expect(
      received.frames.map { ($0.mediaTime - first.mediaTime) / 90 } == clip.pictures.map(\.timestamp))
    #expect(publisher.picture.plan.transcoded.isEmpty)
    await stage.codecsAreDone()
    #expect(stage.codecSeconds == 0)
  }

  @Test func eachReceiverGetsTheRenditionItCanDecode() async throws {
    let stage = Stage()
    let publisher = try await stage.publisher()
    let clip = try Clip.h264()
    let (able, unable, odd) = (RecordingSink(), RecordingSink(), RecordingSink())
    publisher.picture.subscribe(able.subscriber(1, [.vp8, .h264]))
    publisher.picture.subscribe(unable.subscriber(2, [.vp8]))
    publisher.picture.subscribe(odd.subscriber(3, [.opus]))
    try await publisher.send(clip.pictures)
    let vp8 = await unable.received.wait { $0.frames.count >= 50 }
    #expect(vp8.frames.allSatisfy { $0.codec == .vp8 })
    // Named, so that a loop's receiver which takes the untouched payload does not take this one besides.
    #expect(vp8.untouched.allSatisfy { $0 == .h264 })
    #expect(vp8.frames.first?.isKeyFrame == true)
    #expect(able.received.value.frames.allSatisfy { $0.codec == .h264 })
    #expect(able.received.value.frames.count == 50)
    #expect(odd.received.value.frames.isEmpty)
  }

  @Test func receiversOfSeveralCodecsEachGetTheirsAtOnce() async throws {
    let stage = Stage()
    let publisher = try await stage.publisher()
    let clip = try Clip.flv1()
    let (vp8, h264, both) = (RecordingSink(), RecordingSink(), RecordingSink())
    publisher.picture.subscribe(vp8.subscriber(1, [.vp8]))
    publisher.picture.subscribe(h264.subscriber(2, [.h264]))
    publisher.picture.subscribe(both.subscriber(3, [.vp8, .h264]))
    try await publisher.send(clip.pictures)
    for (sink, rendition) in [(vp8, Rendition.picture(.vp8())), (h264, .picture(.h264())), (both, .picture(.vp8()))] {
      let received = await sink.received.wait { $0.frames.count >= clip.pictures.count }
      #expect(received.renditions.allSatisfy { $0 == rendition })
      #expect(received.frames.allSatisfy { $0.codec == rendition.payload })
      #expect(received.frames.first?.isKeyFrame == true)
      #expect(received.keyFrames == 1)
    }
    publisher.picture.unsubscribe(SubscriberID(2))
    #expect(publisher.picture.plan.transcoded.map(\.rendition) == [.picture(.vp8())])
  }

  @Test func telephoneSoundIsUntouchedForWhoHasNoOpusAndOpusForTheOthers() async throws {
    let stage = Stage()
    let publisher = try await stage.publisher()
    let format = AudioFormat(codec: .pcmALaw, sampleRate: 8_000, channels: 1)
    let messages = (0..<50).map { index in
      Clip.Frame(
        source: .audio(format), data: ByteBuffer(repeating: 0xD5, count: 160), timestamp: Int64(index) * 20,
        isKeyFrame: true)
    }
    let (old, new) = (RecordingSink(), RecordingSink())
    publisher.sound.subscribe(old.subscriber(1, [.pcma, .pcmu]))
    try await publisher.send(messages)
    #expect(old.received.value.frames.count == 50)
    #expect(old.received.value.frames.allSatisfy { $0.codec == .pcma })
    #expect(old.received.value.frames.first?.payload(0) == messages[0].data)
    await stage.codecsAreDone()
    #expect(stage.codecSeconds == 0)
    publisher.sound.subscribe(new.subscriber(2, [.opus, .pcma]))
    try await publisher.send(messages.map { $0.later(by: 1_000) })
    let opus = await new.received.wait { $0.frames.count >= 40 }
    #expect(opus.frames.allSatisfy { $0.codec == .opus })
    #expect(old.received.value.frames.count == 100)
  }

  @Test func theLastUnsubscribeStopsTheCodec() async throws {
    let stage = Stage()
    let publisher = try await stage.publisher()
    let clip = try Clip.flv1()
    let sink = RecordingSink()
    publisher.picture.subscribe(sink.subscriber(1, [.vp8]))
    publisher.picture.subscribe(sink.subscriber(2, [.vp8]))
    try await publisher.send(clip.pictures.prefix(20))
    await sink.received.wait { $0.frames.count >= 20 }
    publisher.picture.unsubscribe(SubscriberID(1))
    #expect(!publisher.picture.plan.transcoded.isEmpty)
    let rendition = Weak(publisher.picture.plan.transcoded.first?.chain)
    publisher.picture.unsubscribe(SubscriberID(2))
    publisher.picture.unsubscribe(SubscriberID(2))
    try await publisher.send(clip.pictures[20..<25])
    await stage.codecsAreDone()
    let seconds = stage.codecSeconds
    #expect(seconds > 0)
    try await publisher.send(clip.pictures[25...])
    await stage.codecsAreDone()
    #expect(stage.codecSeconds == seconds)
    #expect(rendition.object == nil, "the rendition must be freed")
    #expect(sink.received.value.frames.count <= 25)
  }

  /// The first picture that a receiver gets must be one it can begin with, and it must come without a live frame.
  @Test(arguments: [1, 13, 24, 25, 40])
  func whoSubscribesInMidGroupGetsAKeyFrameAtOnce(after count: Int) async throws {
    let stage = Stage()
    let publisher = try await stage.publisher()
    let clip = try Clip.flv1()
    try await publisher.send(clip.pictures.prefix(count))
    let sink = RecordingSink()
    publisher.picture.subscribe(sink.subscriber(1, [.vp8]))
    let received = await sink.received.wait { !$0.frames.isEmpty }
    let first = try #require(received.frames.first)
    #expect(first.isKeyFrame)
    #expect(received.frames.count == 1)
    // It shows the newest picture, and the next ones follow in time.
    let newest = clip.pictures[count - 1].timestamp - clip.pictures[0].timestamp
    #expect(first.mediaTime == (Timeline.margin / 1000 + newest) * 90)
    try await publisher.send(clip.pictures[count...].prefix(5))
    let all = await sink.received.wait { $0.frames.count >= 6 }
    let times = all.frames.map { ($0.mediaTime - first.mediaTime) / 90 + newest }
    #expect(times == clip.pictures[(count - 1)...].prefix(6).map { $0.timestamp - clip.pictures[0].timestamp })
  }

  @Test(arguments: [1, 13, 40])
  func whoSubscribesToH264GetsTheGroupOfPictures(after count: Int) async throws {
    let stage = Stage()
    let publisher = try await stage.publisher()
    let clip = try Clip.h264()
    try await publisher.send(clip.pictures.prefix(count))
    let sink = RecordingSink()
    publisher.picture.subscribe(sink.subscriber(7, [.h264]))
    let all = await sink.received.wait { !$0.groups.isEmpty }
    let group = try #require(all.groups.first)
    #expect(group.subscriber == SubscriberID(7))
    let keyFrame = clip.pictures.prefix(count).lastIndex { $0.isKeyFrame }
    let start = try #require(keyFrame)
    #expect(group.frames.count == count - start)
    #expect(group.frames.map(\.isKeyFrame) == clip.pictures[start..<count].map(\.isKeyFrame))
    // A lost receiver gets it again, the same packets.
    publisher.picture.requestKeyFrame(for: SubscriberID(7))
    let groups = await sink.received.wait { $0.groups.count == 2 }.groups
    #expect(zip(groups[0].frames, groups[1].frames).allSatisfy { $0 === $1 })
    publisher.picture.requestKeyFrame(for: SubscriberID(8))
    try await publisher.settle()
    #expect(sink.received.value.groups.count == 2, "nobody of that number is subscribed")
  }

  @Test func aFloodOfKeyFrameRequestsCostsFewKeyFrames() async throws {
    let (calm, _) = try await keyFrames(askingBeforeEachPicture: false)
    let (flooded, seconds) = try await keyFrames(askingBeforeEachPicture: true)
    #expect(flooded > calm, "one that asks is served")
    // The encoder makes key frames of its own accord besides, where the picture changes wholly.
    let refilled = seconds * 1e9 / Double(KeyFrameBudget.refill.nanoseconds)
    #expect(Double(flooded - calm) <= Double(KeyFrameBudget.size) + refilled + 1, "\(flooded) in \(seconds) s")
  }

  private func keyFrames(askingBeforeEachPicture asks: Bool) async throws -> (count: Int, seconds: Double) {
    let stage = Stage()
    let publisher = try await stage.publisher()
    let clip = try Clip.flv1()
    let sink = RecordingSink()
    try await publisher.send(clip.pictures.prefix(1))
    publisher.picture.subscribe(sink.subscriber(1, [.vp8]))
    await sink.received.wait { !$0.frames.isEmpty }
    let began = NIODeadline.now()
    for index in 1..<25 {
      if asks { publisher.picture.requestKeyFrame(for: SubscriberID(1)) }
      try await publisher.send([clip.pictures[index]])
      await sink.received.wait { $0.frames.count > index }
    }
    return (sink.received.value.keyFrames, Double((NIODeadline.now() - began).nanoseconds) / 1e9)
  }

  @Test func picturesOutOfOrderGoThroughTheCodec() async throws {
    let stage = Stage()
    let publisher = try await stage.publisher()
    let sink = RecordingSink()
    publisher.picture.subscribe(sink.subscriber(1, [.vp8, .h264]))
    // The stream begins in order, and then shows that it is not.
    let plain = try Clip.h264().pictures.prefix(5)
    let mixed = try Clip.reordered().pictures.map { $0.later(by: 200) }
    try await publisher.send(plain)
    #expect(sink.received.value.frames.map(\.codec) == Array(repeating: .h264, count: 5))
    try await publisher.send(mixed)
    let received = await sink.received.wait { $0.frames.count >= 5 + 40 }
    let vp8 = received.frames.dropFirst(5)
    #expect(vp8.allSatisfy { $0.codec == .vp8 })
    #expect(vp8.first?.isKeyFrame == true)
    #expect(zip(vp8, vp8.dropFirst()).allSatisfy { $0.mediaTime < $1.mediaTime })
    #expect(received.untouched.dropFirst(5).allSatisfy { $0 == nil })
  }

  /// The stream shows in the middle of a group that it is out of order: what is cached lets the other rendition begin
  /// there, and with the key frame that ends the disorder the untouched one goes on.
  @Test func aStreamThatBeginsToReorderMovesWithoutWaitingForAKeyFrameAndBackWithOne() async throws {
    let stage = Stage()
    let publisher = try await stage.publisher()
    let clip = try Clip.h264().pictures
    let sink = RecordingSink()
    publisher.picture.subscribe(sink.subscriber(1, [.vp8, .h264]))
    func reordering(_ range: Range<Int>) -> [Clip.Frame] {
      clip[range].map { frame in
        guard case .video(let format, _) = frame.source else { return frame }
        return Clip.Frame(
          source: .video(format, reorders: true), data: frame.data, timestamp: frame.timestamp,
          isKeyFrame: frame.isKeyFrame)
      }
    }
    #expect(clip.indices.filter { clip[$0].isKeyFrame } == [0, 25])
    try await publisher.send(clip[..<10])
    try await publisher.send(reordering(10..<25))
    let transcoded = await sink.received.wait { $0.frames.count >= 26 }
    #expect(transcoded.renditions.prefix(10).allSatisfy { $0 == .untouched(.h264) })
    #expect(transcoded.renditions.dropFirst(10).allSatisfy { $0 == .picture(.vp8()) })
    let times = transcoded.frames.map { $0.mediaTime / 90 - Timeline.margin / 1_000 + clip[0].timestamp }
    // The picture that stands is shown again as a key frame, and no later one is missing.
    #expect(transcoded.frames[10].isKeyFrame)
    #expect(times[10] == clip[9].timestamp)
    #expect(Array(times[11...]) == clip[10..<25].map(\.timestamp))
    try await publisher.send(clip[25...])
    let all = await sink.received.wait { $0.renditions.filter { $0 == .untouched(.h264) }.count >= 35 }
    let back = try #require(all.renditions.lastIndex(of: .picture(.vp8()))) + 1
    #expect(all.frames[back].isKeyFrame)
    #expect(all.renditions[back...].count == 25)
  }

  @Test func aCodecThatCannotBeCarriedIsToldAndCostsNothing() async throws {
    let stage = Stage()
    let listening = try await stage.engine.listen(room: "demo")
    var events = listening.events.makeAsyncIterator()
    let publisher = try await stage.publisher()
    let sink = RecordingSink()
    publisher.picture.subscribe(sink.subscriber(1, [.vp8, .h264]))
    _ = await events.next()
    try await publisher.send([
      Clip.Frame(
        source: .unsupported(kind: .video, codec: "jpeg", .noDecoder), data: ByteBuffer(), timestamp: 0,
        isKeyFrame: true)
    ])
    guard case .participant(let participant)? = await events.next() else { return #expect(Bool(false)) }
    guard case .unsupported(let why)? = participant.tracks.first?.state else { return #expect(Bool(false)) }
    #expect(why.contains("jpeg"))
    #expect(publisher.picture.plan.transcoded.isEmpty)
    #expect(sink.received.value.frames.isEmpty)
    // What can be carried comes later on the same track.
    try await publisher.send(try Clip.flv1().pictures.prefix(3))
    await sink.received.wait { $0.frames.count >= 3 }
  }

  @Test func whatItsDecoderRefusesIsToldOnceAndNotTriedAgain() async throws {
    let stage = Stage()
    let publisher = try await stage.publisher()
    let sink = RecordingSink()
    publisher.sound.subscribe(sink.subscriber(1, [.opus]))
    let bad = AudioFormat(codec: .aac, sampleRate: 44_100, channels: 1, configuration: ByteBuffer(bytes: [0xFF]))
    let message = Clip.Frame(
      source: .audio(bad), data: ByteBuffer(bytes: [1, 2, 3]), timestamp: 0, isKeyFrame: true)
    try await publisher.send([message])
    await stage.codecsAreDone()
    #expect(stage.failures.value == 1)
    try await publisher.send((1..<100).map { message.later(by: $0 * 100) })
    await stage.codecsAreDone()
    #expect(stage.failures.value == 1)
    let track = try #require(publisher.publication.speaker.description.tracks.first)
    #expect(track.state == .unsupported("aac in this form cannot be decoded"))
    // Another configuration is another source.
    try await publisher.send(try Clip.flv1().sounds.prefix(20).map { $0.later(by: 10_000) })
    await sink.received.wait { $0.frames.count >= 5 }
    #expect(publisher.publication.speaker.description.tracks.first?.state == .live)
  }

  @Test func soundIsOpusOnTheSpeakersClock() async throws {
    let stage = Stage()
    let publisher = try await stage.publisher()
    let clip = try Clip.flv1()
    let sink = RecordingSink()
    publisher.sound.subscribe(sink.subscriber(1, [.opus]))
    try await publisher.send(clip.sounds.prefix(100))
    let received = await sink.received.wait { $0.frames.count >= 45 }
    #expect(received.frames.allSatisfy { $0.codec == .opus && $0.isKeyFrame })
    let times = received.frames.map(\.mediaTime)
    #expect(zip(times, times.dropFirst()).allSatisfy { $1 - $0 == 960 })
    // The decoder's and encoder's own delay is a few milliseconds.
    #expect(abs(times[0] - Timeline.margin * 48 / 1000) < 48 * 60)
  }

  @Test func soundAndPictureShareTheClockWhicheverComesFirst() async throws {
    let stage = Stage()
    let publisher = try await stage.publisher()
    let clip = try Clip.h264()
    let sounds = try Clip.flv1().sounds
    let sink = RecordingSink()
    publisher.picture.subscribe(sink.subscriber(1, [.h264]))
    publisher.sound.subscribe(sink.subscriber(2, [.opus]))
    // Sound begins at 100 s of the publisher's clock, the picture 3 s later.
    try await publisher.send(sounds.prefix(5).map { $0.later(by: 100_000) })
    stage.time.advance(.milliseconds(3500))
    try await publisher.send(clip.pictures.prefix(1).map { $0.later(by: 103_000) })
    let received = await sink.received.wait { frames in
      frames.frames.contains { $0.codec == .h264 } && frames.frames.contains { $0.codec == .opus }
    }
    let picture = try #require(received.frames.first { $0.codec == .h264 })
    #expect(picture.mediaTime == (Timeline.margin / 1000 + 3000) * 90)
  }

  /// A weak hold on a class behind a protocol.
  private struct Weak {
    weak var object: (any TranscodedRendition)?
    init(_ object: (any TranscodedRendition)?) { self.object = object }
  }
}
