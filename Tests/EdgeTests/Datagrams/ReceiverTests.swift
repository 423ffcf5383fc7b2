import Media
import Metrics
import NIOCore
import RTP
import Testing
import WebRTC

@testable import Edge
@testable import Rooms
@testable import TestPeer
import Seeded

@Suite struct ReceiverTests {
  private let peer: Peer
  private let workers = MediaWorkers(count: 1)

  init() throws {
    var random = SeededRandom(3)
    let now = NIODeadline.uptimeNanoseconds(1_000_000_000_000)
    let certificate = try DTLSCertificate(using: &random)
    let remote = try TestPeer(gateway: certificate.fingerprint, at: now)
    var negotiation = Negotiation(fingerprint: certificate.fingerprint, candidates: [], random: random)
    _ = try negotiation.answer(offer: remote.offer(), sending: [:])
    let plan = try #require(negotiation.plan)
    let connection = try PeerConnection(
      plan: plan, certificate: certificate, clock: NTPClock(NTPTime(unixMicroseconds: 0), at: now), at: now)
    peer = Peer(
      id: PeerID(number: 1), connection: connection, plan: PeerPlan(session: plan, tracks: [:]), onEvent: { _ in })
  }

  private func receiver(_ codecs: Set<PayloadCodec>) -> Receiver {
    let resources = RenditionResources(workers: workers, droppedFrames: Counter(), codecFailures: Counter())
    let track = Track(id: TrackID(participant: ParticipantID(number: 1), kind: .video), resources: resources)
    return Receiver(peer: peer, id: SubscriberID(1), track: track, section: 0, codecs: codecs)
  }

  private func frame(_ time: Int64, key: Bool = false, codec: PayloadCodec = .h264) throws -> PacketizedFrame {
    try PacketizedFrame(
      codec: codec, mediaTime: time, isKeyFrame: key, markedPacket: 0, payloads: [ByteBuffer(repeating: 1, count: 10)])
  }

  struct Case: Sendable {
    let codecs: Set<PayloadCodec>
    let frame: Rendition
    let isKeyFrame: Bool
    let untouched: PayloadCodec?
    let isSent: Bool
  }

  @Test(arguments: [
    Case(codecs: [.vp8], frame: .picture(.vp8()), isKeyFrame: true, untouched: nil, isSent: true),
    Case(codecs: [.vp8], frame: .picture(.vp8()), isKeyFrame: false, untouched: nil, isSent: false),
    Case(codecs: [.vp8], frame: .untouched(.h264), isKeyFrame: true, untouched: .h264, isSent: false),
    Case(codecs: [.vp8], frame: .picture(.vp8()), isKeyFrame: true, untouched: .h264, isSent: true),
    Case(codecs: [.vp8, .h264], frame: .untouched(.h264), isKeyFrame: true, untouched: .h264, isSent: true),
    Case(codecs: [.vp8, .h264], frame: .picture(.vp8()), isKeyFrame: true, untouched: .h264, isSent: false),
    Case(codecs: [.vp8, .h264], frame: .picture(.vp8()), isKeyFrame: true, untouched: nil, isSent: true),
    Case(codecs: [.vp8, .h264], frame: .picture(.h264()), isKeyFrame: true, untouched: nil, isSent: false),
    Case(codecs: [.h264], frame: .picture(.h264()), isKeyFrame: true, untouched: nil, isSent: true),
    Case(codecs: [.h264], frame: .picture(.h264()), isKeyFrame: true, untouched: .h264, isSent: false),
    Case(codecs: [.opus], frame: .picture(.vp8()), isKeyFrame: true, untouched: nil, isSent: false),
  ])
  func theFirstFrameMustBeOneToBeginWithAndOfTheReceiversOwnRendition(row: Case) throws {
    let receiver = receiver(row.codecs)
    let taken = receiver.take(
      try frame(900, key: row.isKeyFrame, codec: row.frame.payload), of: row.frame, untouched: row.untouched, at: .now()
    )
    #expect(taken == (row.isSent ? .send(mediaTime: 900) : .ignored))
    #expect(receiver.rendition == (row.isSent ? row.frame : nil))
  }

  @Test func aChangeOfRenditionWaitsForItsKeyFrameWhileTheFormerOneFlows() throws {
    let receiver = receiver([.vp8, .h264])
    let (untouched, vp8) = (Rendition.untouched(.h264), Rendition.picture(.vp8()))
    func take(_ time: Int64, key: Bool = false, of rendition: Rendition, passes: Bool) throws -> Receiver.Disposition {
      receiver.take(
        try frame(time, key: key, codec: rendition.payload), of: rendition, untouched: passes ? .h264 : nil, at: .now())
    }
    #expect(try take(0, key: true, of: untouched, passes: true) == .send(mediaTime: 0))
    #expect(try take(3600, of: vp8, passes: false) == .ignored)
    #expect(try take(7200, key: true, of: vp8, passes: false) == .send(mediaTime: 7200))
    #expect(try take(10_800, of: vp8, passes: false) == .send(mediaTime: 10_800))
    #expect(try take(14_400, of: untouched, passes: true) == .ignored)
    #expect(try take(14_400, of: vp8, passes: true) == .send(mediaTime: 14_400))
    #expect(try take(18_000, key: true, of: untouched, passes: true) == .send(mediaTime: 18_000))
    #expect(try take(21_600, of: vp8, passes: true) == .ignored)
  }

  @Test func whoComesGetsTheGroupEndingAtTheLiveTimeAndThenTheLiveFrames() throws {
    let receiver = receiver([.h264])
    let group = try (0..<50).map { try frame(Int64($0) * 3600, key: $0 == 0) }
    receiver.catchUp(group, at: .uptimeNanoseconds(0))
    #expect(receiver.isCatchingUp)
    // Live frames meanwhile stay behind.
    #expect(receiver.take(try frame(50 * 3600), of: .untouched(.h264), untouched: .h264, at: .now()) == .kept)
    #expect(receiver.take(try frame(51 * 3600), of: .untouched(.h264), untouched: .h264, at: .now()) == .kept)
    var sent: [(PacketizedFrame, Int64)] = []
    while let next = receiver.nextOfBacklog() { sent.append((next.frame, next.mediaTime)) }
    #expect(!receiver.isCatchingUp)
    #expect(sent.count == 52)
    #expect(sent[0].0 === group[0])
    #expect(zip(sent, sent.dropFirst()).allSatisfy { $0.1 < $1.1 })
    #expect(sent[49].1 == 49 * 3600)
    #expect(sent[51].1 == 51 * 3600)
    #expect(sent[0].1 >= 49 * 3600 - 50 * 90, "a group is squeezed into its last moments")
    #expect(
      receiver.take(try frame(52 * 3600), of: .untouched(.h264), untouched: .h264, at: .now())
        == .send(mediaTime: 52 * 3600))
  }

  @Test func aGroupThatTheReceiverCannotDecodeIsNotTaken() throws {
    let receiver = receiver([.vp8])
    receiver.catchUp([try frame(0, key: true)], at: .uptimeNanoseconds(0))
    #expect(!receiver.isCatchingUp)
    receiver.catchUp([], at: .uptimeNanoseconds(0))
    #expect(!receiver.isCatchingUp)
  }

  @Test func whoAsksAgainAtOnceIsNotSentTheGroupAgain() throws {
    let receiver = receiver([.h264])
    let start = NIODeadline.uptimeNanoseconds(0)
    var bursts = 0
    for ask in 0..<25 {
      receiver.catchUp([try frame(Int64(ask) * 3600, key: true)], at: start + .milliseconds(Int64(ask) * 40))
      if receiver.isCatchingUp { bursts += 1 }
      while receiver.nextOfBacklog() != nil {}
    }
    #expect(bursts == 2)
  }

  /// Whatever comes in whatever order: the time line of a receiver never goes back, but where the stream itself does.
  @Test func timesGrowThroughCatchUpsLossAndMillisecondsApart() throws {
    var random = SeededGenerator(seed: 5)
    for round in 0..<200 {
      let receiver = receiver([.h264])
      var live: Int64 = 100_000
      var now = NIODeadline.uptimeNanoseconds(1)
      var group: [PacketizedFrame] = []
      var last: Int64?
      func check(_ time: Int64) {
        if let last { #expect(time > last, "round \(round)") }
        last = time
      }
      for step in 0..<120 {
        live += Int64.random(in: 90...4000, using: &random)
        now = now + .milliseconds(Int64.random(in: 1...100, using: &random))
        let frame = try frame(live, key: step % 40 == 0)
        if frame.isKeyFrame { group = [] }
        group.append(frame)
        if case .send(let time) = receiver.take(frame, of: .untouched(.h264), untouched: .h264, at: .now()) {
          check(time)
        }
        if Int.random(in: 0..<8, using: &random) == 0 { receiver.catchUp(group, at: now) }
        for _ in 0..<Int.random(in: 0...20, using: &random) {
          guard let next = receiver.nextOfBacklog() else { break }
          check(next.mediaTime)
        }
      }
    }
  }

  @Test func aStreamThatBeginsAgainMuchEarlierIsFollowed() throws {
    let receiver = receiver([.h264])
    #expect(
      receiver.take(try frame(900_000, key: true), of: .untouched(.h264), untouched: .h264, at: .now())
        == .send(mediaTime: 900_000))
    #expect(
      receiver.take(try frame(899_000), of: .untouched(.h264), untouched: .h264, at: .now())
        == .send(mediaTime: 900_001))
    #expect(
      receiver.take(try frame(1000), of: .untouched(.h264), untouched: .h264, at: .now()) == .send(mediaTime: 1000))
  }
}
