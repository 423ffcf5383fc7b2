import Foundation
import NIOCore
import Testing

@testable import Media

@Suite(.timeLimit(.minutes(4))) struct WorkerLinkTests {
  private static let sound = TranscoderSettings.sound(
    AudioFormat(codec: .nellymoser, sampleRate: 22_050, channels: 1), to: .opus())

  private func frames(_ count: Int, _ text: String = "frame") -> [EncodedFrame] {
    (0..<count).map { EncodedFrame(time: Int64($0) * 20_000, isKeyFrame: true, data: ByteBuffer(string: text)) }
  }

  @Test func aProcessGivesTheSameAsAThread() async throws {
    let (pictures, sounds) = (try Recordings.flv1.get(), try Recordings.nellymoser22.get())
    let settings: [(TranscoderSettings, [EncodedFrame])] = [
      (.picture(try pictures.neededVideoFormat(), to: .vp8()), pictures.video),
      (.picture(try pictures.neededVideoFormat(), to: .h264()), pictures.video),
      (.sound(try sounds.neededAudioFormat(), to: .opus()), sounds.audio),
    ]
    let stage = WorkerStage(.honest)
    let threads = MediaWorkers(count: 1)
    for (settings, frames) in settings {
      let (far, near) = (stage.client(settings), Client(settings, threads))
      for client in [far, near] { client.push(frames) }
      let there = await far.record.wait { $0.done == frames.count }
      let here = await near.record.wait { $0.done == frames.count }
      #expect(there.frames == here.frames)
      #expect(there.frames.count > 10)
      #expect((stage.workers.transcodeSeconds[settings.label] ?? 0) > 0)
    }
    threads.shutDown()
    #expect(stage.reported.isEmpty)
  }

  @Test func commandsReachTheCodecs() async throws {
    let recording = try Recordings.flv1.get()
    let stage = WorkerStage(.honest)
    let client = stage.client(.picture(try recording.neededVideoFormat(), to: .vp8()))
    client.run(recording.video.prefix(10).map { .catchUp($0) })
    client.run([.showLatest(at: 7_000_000), .requestKeyFrame])
    client.push(recording.video[10..<12])
    let record = await client.record.wait { $0.done == 14 }
    #expect(record.frames.map(\.isKeyFrame) == [true, true, false])
    #expect(record.frames.first?.time == 7_000_000)
  }

  @Test func nothingIsLeftBehindInTheCodecs() async throws {
    let (pictures, sounds) = (try Recordings.numberedH264.get(), try Recordings.nellymoser22.get())
    let stage = WorkerStage(.honest)
    let seen = stage.client(.picture(try pictures.neededVideoFormat(), to: .vp8()))
    seen.push(pictures.video)
    seen.run([.finish])
    let record = await seen.record.wait { $0.done == pictures.video.count + 1 }
    #expect(record.frames.map(\.time) == pictures.video.map(\.time).sorted())
    let format = try sounds.neededAudioFormat()
    let heard = stage.client(.sound(format, to: .opus()))
    heard.push(sounds.audio)
    heard.run([.finish])
    let packets = await heard.record.wait { $0.done == sounds.audio.count + 1 }.frames
    // A Nellymoser block of the tag's rate has 256 samples; the first message says how many a message holds.
    let blocks = sounds.audio.reduce(0) { $0 + $1.data.readableBytes / 64 }
    let length = Double(blocks * 256) / Double(format.sampleRate)
    #expect(abs(Double(packets.count) * 0.02 - length) <= 0.02, "\(packets.count) packets for \(length) s")
  }

  @Test func aFailureIsToldAndHurtsNobodyElse() async throws {
    let stage = WorkerStage(.honest)
    let broken = stage.client(.picture(VideoFormat(codec: .h264), to: .vp8()))
    let whole = stage.client(Self.sound)
    broken.push(self.frames(2))
    let sounds = try Recordings.nellymoser22.get().audio
    whole.push(sounds)
    let record = await broken.record.wait { $0.failures.count == 2 }
    #expect(record.failures.allSatisfy { $0 == .configurationMissing(codec: "h264") })
    await whole.record.wait { $0.done == sounds.count }
    #expect(stage.reported.isEmpty)
  }

  @Test func aKilledProcessIsReplacedAtTheNextCommand() async throws {
    let recording = try Recordings.flv1.get()
    let stage = WorkerStage(.honest)
    let client = stage.client(.picture(try recording.neededVideoFormat(), to: .vp8()))
    var done = 0
    for round in 1...3 {
      client.push(recording.video.prefix(25))
      done += 25
      let awaited = done
      await client.record.wait { $0.done == awaited }
      let process = try #require(await client.process())
      kill(process, SIGKILL)
      // Found out with the next command, which is lost.
      client.push(recording.video.prefix(1))
      await client.record.wait { $0.losses.count == round }
    }
    #expect(stage.reported.count == 3)
    #expect(stage.reported.allSatisfy { $0.reason == .ended })
  }

  @Test func aProcessKilledAtWorkCostsOnlyWhatWasUnderWay() async throws {
    let recording = try Recordings.flv1.get()
    let stage = WorkerStage(.honest)
    let client = stage.client(.picture(try recording.neededVideoFormat(), to: .vp8()))
    for round in 1...5 {
      let before = client.record.value.done
      client.push(recording.video)
      await client.record.wait { $0.done >= before + 5 * round }
      let process = try #require(await client.process())
      kill(process, SIGKILL)
      // Some of these it may be that find out.
      client.push(recording.video)
      await client.record.wait { $0.losses.count == round }
      await client.record.wait { $0.done >= before + 5 * round + 25 }
    }
    #expect(client.record.value.failures.isEmpty)
  }

  @Test(arguments: ["silent", "chatter"]) func aProcessThatDoesNotAnswerIsReplaced(_ kind: String) async {
    let stage = WorkerStage(.broken(kind), patience: .milliseconds(300))
    let client = stage.client(Self.sound)
    client.push(self.frames(1))
    await client.record.wait { !$0.losses.isEmpty }
    #expect(stage.reported.map(\.reason) == [.silent])
    #expect(stage.reported.first?.label == Self.sound.label)
  }

  @Test func aStoppedProcessIsReplaced() async throws {
    let sounds = try Recordings.nellymoser22.get().audio
    let stage = WorkerStage(.honest, patience: .seconds(2))
    let client = stage.client(Self.sound)
    client.push(sounds.prefix(1))
    await client.record.wait { $0.done == 1 }
    let process = try #require(await client.process())
    kill(process, SIGSTOP)
    client.push(sounds.prefix(1))
    await client.record.wait { !$0.losses.isEmpty }
    client.push(sounds)
    await client.record.wait { $0.done >= 1 + sounds.count }
  }

  @Test(arguments: ["garbage", "endless"]) func aProcessThatBreaksTheRulesIsReplaced(_ kind: String) async {
    let stage = WorkerStage(.broken(kind))
    let client = stage.client(Self.sound)
    client.push(self.frames(1))
    let record = await client.record.wait { !$0.losses.isEmpty }
    #expect(record.losses == [true])
    guard case .breach = stage.reported.first?.reason else { return #expect(Bool(false), "\(stage.reported)") }
  }

  @Test func oneThatTakesMuchIsNotWaitedForWhileItWaitsForUs() async {
    // More than the socket takes, to a process that reads nothing.
    let stage = WorkerStage(.broken("silent"), patience: .milliseconds(300))
    let client = stage.client(Self.sound)
    let large = ByteBuffer(repeating: 1, count: 1 << 20)
    client.push((0..<4).map { EncodedFrame(time: $0, isKeyFrame: true, data: large) })
    await client.record.wait { !$0.losses.isEmpty }
    #expect(stage.reported.first?.reason == .silent)
  }

  @Test(arguments: ["ends", "mute", "other-version"]) func oneThatNeverBeginsFailsInsteadOfBeginningAgain(
    _ kind: String
  ) async {
    let stage = WorkerStage(.broken(kind), startPatience: .milliseconds(300))
    let client = stage.client(Self.sound)
    client.push(self.frames(3))
    let record = await client.record.wait { $0.failures.count == 3 }
    #expect(record.failures.allSatisfy { $0 == .noWorker(code: 0) })
    #expect(record.losses.isEmpty)
    #expect(stage.reported.map(\.name) == ["not_started"])
  }

  @Test func aProgramThatIsNotThereFails() async {
    let stage = WorkerStage(WorkerProgram(path: "/nowhere/flashgate", arguments: []))
    let client = stage.client(Self.sound)
    client.push(self.frames(1))
    let record = await client.record.wait { !$0.failures.isEmpty }
    #expect(record.failures == [.noWorker(code: ENOENT)])
  }

  @Test func onlyTheTrackWhoseFrameWasAtWorkIsToBlame() async {
    let stage = WorkerStage(.broken("poisoned"))
    let (victim, culprit) = (stage.client(Self.sound), stage.client(Self.sound))
    victim.push(self.frames(3))
    await victim.record.wait { $0.done == 3 }
    culprit.push(self.frames(2) + self.frames(1, "POISON"))
    await culprit.record.wait { !$0.losses.isEmpty }
    await victim.record.wait { !$0.losses.isEmpty }
    #expect(culprit.record.value.losses == [true])
    #expect(culprit.record.value.done == 2)
    #expect(victim.record.value.losses == [false])
    // Both go on with the next process.
    victim.push(self.frames(1))
    culprit.push(self.frames(1))
    await victim.record.wait { $0.done == 4 }
    await culprit.record.wait { $0.done == 3 }
  }

  @Test func aProcessThatIsKilledAtRestIsNobodysFault() async throws {
    let sounds = try Recordings.nellymoser22.get().audio
    let stage = WorkerStage(.honest)
    let client = stage.client(Self.sound)
    client.push(sounds.prefix(1))
    await client.record.wait { $0.done == 1 }
    let process = try #require(await client.process())
    kill(process, SIGKILL)
    // A process that is dead but not yet taken leave of.
    while !((try? String(contentsOfFile: "/proc/\(process)/stat", encoding: .utf8)) ?? ") Z").contains(") Z") {
      await Task.yield()
    }
    client.push(sounds.prefix(1))
    let record = await client.record.wait { !$0.losses.isEmpty }
    #expect(record.losses == [false])
  }

  @Test func oneThatIsLostAgainAndAgainRests() async throws {
    let stage = WorkerStage(.broken("poisoned"))
    let client = stage.client(Self.sound)
    // A loss costs what was under way, at most 16 of these.
    client.push(self.frames(400, "POISON"))
    let record = await client.record.wait { !$0.failures.isEmpty }
    #expect(record.losses.count <= 8)
    #expect(record.failures.allSatisfy { $0 == .noWorker(code: 0) })
  }

  @Test func aProcessCannotClaimMoreTimeThanThereWas() async {
    let stage = WorkerStage(.broken("poisoned"))
    let client = stage.client(Self.sound)
    let start = NIODeadline.now()
    client.push(self.frames(100))
    await client.record.wait { $0.done == 100 }
    let most = Double((NIODeadline.now() - start).nanoseconds) / 1e9
    // The thread's own work is counted too.
    #expect((stage.workers.transcodeSeconds[Self.sound.label] ?? 0) <= 2 * most)
  }

  @Test func aClosedLaneFreesItsTranscoderAndIsNotAnswered() async throws {
    let sounds = try Recordings.nellymoser22.get().audio
    let stage = WorkerStage(.honest)
    let (gone, staying) = (stage.client(Self.sound), stage.client(Self.sound))
    gone.push(sounds)
    gone.close()
    let answered = gone.record.value.done
    staying.push(sounds)
    await staying.record.wait { $0.done == sounds.count }
    #expect(gone.record.value.done <= answered + 32)
    #expect(stage.reported.isEmpty)
  }

  @Test func theProcessEndsWithItsPool() async throws {
    let stage = WorkerStage(.honest)
    let client = stage.client(Self.sound)
    client.push(try Recordings.nellymoser22.get().audio)
    await client.record.wait { $0.done > 0 }
    let process = try #require(await client.process())
    stage.workers.shutDown()
    #expect(kill(process, 0) != 0, "it is neither there nor a zombie")
  }
}
