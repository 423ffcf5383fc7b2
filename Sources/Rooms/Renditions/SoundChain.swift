import Media
import Metrics
import RTP

/// Transcoder and packetiser of one sound rendition; lives on the lane's worker.
final class SoundChain {
  private let settings: TranscoderSettings
  private let host: CodecHost
  private let failures: Counter
  private let whenRefused: @Sendable () -> Void
  private var transcoder: LaneTranscoder?
  private var packetizer = OpusPacketizer()
  private var backoff = CodecBackoff()
  /// Media time of the newest message that came in.
  private var newest: Int64 = 0
  /// Where the sound that came out ends, in microseconds of media time.
  private var end: Int64?
  /// Waits for the end of the codecs, once they are asked to give out what they hold back.
  private var ending: ((Int64?) -> Void)?

  init(
    _ settings: TranscoderSettings, on host: CodecHost, failures: Counter, whenRefused: @escaping @Sendable () -> Void
  ) {
    self.whenRefused = whenRefused
    self.settings = settings
    self.host = host
    self.failures = failures
  }

  func push(_ frame: EncodedFrame, emit: @escaping (PacketizedFrame) -> Void) {
    guard backoff.allows(frame.time) else { return }
    newest = frame.time
    let transcoder = self.transcoder ?? open()
    self.transcoder = transcoder
    run(.push(frame), on: transcoder, emit)
  }

  /// Has the codecs give out what they hold back. `then` is called when nothing comes any more, in whatever way they end,
  /// with the media time at which what came out ends.
  func finish(emit: @escaping (PacketizedFrame) -> Void, then: @escaping (Int64?) -> Void) {
    guard let transcoder else { return then(nil) }
    ending = then
    run(.finish, on: transcoder, emit)
  }

  private func run(
    _ command: TranscoderCommand, on transcoder: LaneTranscoder, _ emit: @escaping (PacketizedFrame) -> Void
  ) {
    let time = newest
    transcoder.run(command) { [weak transcoder] answer in
      guard let transcoder, transcoder === self.transcoder else { return }
      switch answer {
      case .frame(let packet): self.packetize(packet, emit)
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

  private func packetize(_ packet: EncodedFrame, _ emit: (PacketizedFrame) -> Void) {
    end = packet.time + Self.packetDuration
    let ticks = StreamClock.ticks(ofMediaTime: packet.time, clockRate: PayloadCodec.opus.clockRate)
    let level = packet.attenuation.map { AudioLevel(attenuation: $0, isVoice: $0 < Self.quiet) }
    if let packets = try? packetizer.packetize(packet.data, mediaTime: ticks, level: level) { emit(packets) }
  }

  private func open() -> LaneTranscoder {
    host.transcoder(settings) { [weak self] wasAtWork in self?.lost(wasAtWork) }
  }

  /// The next message opens a new one; sound has no beginning to make up for.
  private func lost(_ wasAtWork: Bool) {
    close()
    guard wasAtWork else { return }
    failures.add()
    backoff.lostAtWork(at: newest)
  }

  private func close() {
    transcoder = nil
    ending.take()?(end)
  }

  private static let packetDuration: Int64 = 20_000
  /// Decibels below full scale from where on it is noise rather than a voice.
  private static let quiet: UInt8 = 60
}
