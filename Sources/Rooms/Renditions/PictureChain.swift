import Media
import Metrics
import NIOCore
import RTP

/// Transcoder and packetiser of one picture rendition, and when to make key frames; lives on the lane's worker.
final class PictureChain {
  private let settings: TranscoderSettings
  private let host: CodecHost
  private let failures: Counter
  private let whenLost: @Sendable () -> Void
  private let whenRefused: @Sendable () -> Void
  private var transcoder: LaneTranscoder?
  private var packetizer: PicturePacketizer
  /// What the encoder was last told to aim at, and what it aims at when nothing bounds it.
  private var bitRate: Int?
  private let usualBitRate: Int?
  private var backoff = CodecBackoff()
  /// A decoder that starts in the middle of a group of pictures shows damage until the next key frame.
  private var isReady = false
  private var budget = KeyFrameBudget()
  private var pace = PicturePace()
  /// A request that came when there was no budget.
  private var owesKeyFrame = false
  /// Media time of the newest picture that came in, and of the newest that went out.
  private var newest: (taken: Int64, given: Int64?) = (0, nil)
  /// Waits for the end of the codecs, once they are asked to give out what they hold back.
  private var ending: (() -> Void)?

  init(
    _ settings: TranscoderSettings, to target: VideoTarget, on host: CodecHost, resources: RenditionResources,
    whenLost: @escaping @Sendable () -> Void, whenRefused: @escaping @Sendable () -> Void
  ) {
    self.settings = settings
    self.host = host
    self.failures = resources.codecFailures
    self.whenLost = whenLost
    self.whenRefused = whenRefused
    self.bitRate = target.bitRate
    self.usualBitRate = target.bitRate
    self.packetizer = PicturePacketizer(target.codec, maximumPayload: resources.maximumPayload)
  }

  /// - Parameter age: for how long the newest picture of the group has stood.
  func catchUp(
    _ group: [EncodedFrame], age: TimeAmount, at now: NIODeadline, emit: @escaping (PacketizedFrame) -> Void
  ) {
    guard let last = group.last else { return }
    newest.taken = last.time
    guard backoff.allows(present(age)) else { return }
    pace.picture(at: now)
    isReady = true
    for frame in group { run(.catchUp(frame), emit) }
    // After the loss of a worker this picture may have been shown already, and no two have the same time.
    run(.showLatest(at: max(present(age), newest.given.map { $0 + Self.step } ?? .min)), emit)
  }

  func push(_ frame: EncodedFrame, at now: NIODeadline, emit: @escaping (PacketizedFrame) -> Void) {
    guard isReady || frame.isKeyFrame else { return }
    pace.picture(at: now)
    let isDue = owesKeyFrame && budget.take(at: now)
    guard backoff.allows(frame.time) else { return }
    newest.taken = frame.time
    isReady = true
    if isDue { run(.requestKeyFrame, emit) }
    run(.push(frame), emit)
  }

  func requestKeyFrame(age: TimeAmount, at now: NIODeadline, emit: @escaping (PacketizedFrame) -> Void) {
    guard isReady, transcoder != nil else { return }
    guard budget.take(at: now) else {
      owesKeyFrame = true
      return
    }
    // The next picture will do when it is about to come. A shared screen may stand still for long: then the picture
    // that stands is sent again.
    if pace.expectsPicture(at: now) {
      run(.requestKeyFrame, emit)
    } else {
      run(.showLatest(at: present(age)), emit)
    }
  }

  /// Shows the picture that stands once more: as a key frame if one is owed, or else as what has changed since, which is
  /// nothing but sharpness.
  func repeatPicture(age: TimeAmount, at now: NIODeadline, emit: @escaping (PacketizedFrame) -> Void) {
    guard isReady, transcoder != nil else {
      // No picture will come whose time ends the rest.
      if backoff.allows(present(age)) { whenLost() }
      return
    }
    if owesKeyFrame, budget.take(at: now) {
      run(.showLatest(at: present(age)), emit)
    } else {
      run(.repeatLatest(at: present(age)), emit)
    }
  }

  /// Has the codecs give out what they hold back. `then` is called when nothing comes any more, in whatever way they end.
  func finish(emit: @escaping (PacketizedFrame) -> Void, then: @escaping () -> Void) {
    guard isReady, transcoder != nil else { return then() }
    ending = then
    run(.finish, emit)
  }

  /// Where media time is by now.
  private func present(_ age: TimeAmount) -> Int64 { newest.taken + age.nanoseconds / 1_000 }

  /// Aims at another bit rate, brought into the range that encoders take; one that is opened later aims at it too.
  func setTargetBitRate(_ bitRate: Int?) {
    let wanted =
      bitRate.map { min(max($0, VideoTarget.bitRates.lowerBound), VideoTarget.bitRates.upperBound) } ?? usualBitRate
    guard wanted != self.bitRate else { return }
    self.bitRate = wanted
    if transcoder != nil { run(.setBitRate(self.bitRate)) { _ in } }
  }

  private func run(_ command: TranscoderCommand, _ emit: @escaping (PacketizedFrame) -> Void) {
    // A command before this one may have failed.
    guard isReady else { return }
    let transcoder = self.transcoder ?? open()
    self.transcoder = transcoder
    let time = newest.taken
    transcoder.run(command) { [weak transcoder] answer in
      // What an earlier transcoder still had to say is of no use to the present one's receivers.
      guard let transcoder, transcoder === self.transcoder else { return }
      switch answer {
      case .frame(let picture): self.packetize(picture, emit)
      case .done:
        self.backoff.succeeded(at: time)
        if case .finish = command { self.close() }
      case .failed(let error):
        self.failures.add()
        if error.isLasting { self.whenRefused() }
        self.backoff.failed(at: time)
        self.close()
      }
    }
  }

  private func open() -> LaneTranscoder {
    var settings = settings
    if case .picture(let format, var target) = settings {
      target.bitRate = bitRate
      settings = .picture(format, to: target)
    }
    return host.transcoder(settings) { [weak self] wasAtWork in self?.lost(wasAtWork) }
  }

  private func lost(_ wasAtWork: Bool) {
    let isEnding = ending != nil
    close()
    if wasAtWork {
      failures.add()
      backoff.lostAtWork(at: newest.taken)
    }
    if !isEnding, backoff.allows(newest.taken) { whenLost() }
  }

  private func close() {
    transcoder = nil
    isReady = false
    ending.take()?()
  }

  private func packetize(_ picture: EncodedFrame, _ emit: (PacketizedFrame) -> Void) {
    newest.given = picture.time
    if picture.isKeyFrame { owesKeyFrame = false }
    guard let frame = packetizer.packetize(picture) else { return }
    emit(frame)
  }

  /// Least distance of two pictures in microseconds.
  private static let step: Int64 = 1_000
}
