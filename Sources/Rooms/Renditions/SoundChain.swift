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
    transcoder.run(.push(frame)) { [weak transcoder] answer in
      guard let transcoder, transcoder === self.transcoder else { return }
      switch answer {
      case .frame(let packet):
        let ticks = StreamClock.ticks(ofMediaTime: packet.time, clockRate: PayloadCodec.opus.clockRate)
        let level = packet.attenuation.map { AudioLevel(attenuation: $0, isVoice: $0 < Self.quiet) }
        if let packets = try? self.packetizer.packetize(packet.data, mediaTime: ticks, level: level) { emit(packets) }
      case .done: self.backoff.succeeded(at: frame.time)
      case .failed(let error):
        self.failures.add()
        if error.isLasting { self.whenRefused() }
        self.backoff.failed(at: frame.time)
        self.transcoder = nil
      }
    }
  }

  private func open() -> LaneTranscoder {
    host.transcoder(settings) { [weak self] wasAtWork in self?.lost(wasAtWork) }
  }

  /// The next message opens a new one; sound has no beginning to make up for.
  private func lost(_ wasAtWork: Bool) {
    transcoder = nil
    guard wasAtWork else { return }
    failures.add()
    backoff.lostAtWork(at: newest)
  }

  /// Decibels below full scale from where on it is noise rather than a voice.
  private static let quiet: UInt8 = 60
}
