import Media
import NIOCore
import Metrics
import RTP

/// Sound as Opus.
final class SoundRendition: TranscodedRendition {
  private let lane: MediaLane<Chain>
  private let outlet: RenditionOutlet

  init(of track: TrackID, from format: AudioFormat, resources: RenditionResources) {
    outlet = RenditionOutlet(of: track, untouched: nil)
    self.lane = resources.workers.lane(TranscodeLabel(format.codec, to: .opus())) {
      Chain(format: format, failures: resources.codecFailures)
    }
  }

  func setSinks(_ sinks: [any FrameSink]) { outlet.setSinks(sinks) }

  // Sound has no key frames: it begins with the next message.
  func start(_ group: [EncodedFrame]) {}

  func requestKeyFrame() {}

  func push(_ frame: EncodedFrame, receivedAt: NIODeadline) -> Bool {
    let admission = lane.submit(at: frame.time) { [outlet] chain in
      chain.push(frame) { outlet.deliver($0, receivedAt: receivedAt) }
    }
    if case .accepted = admission { return true } else { return false }
  }

  func stop() {
    setSinks([])
    // What still waits would be worked on for nobody.
    lane.close()
  }

  /// Decoder, encoder and packetiser; lives on the worker.
  private struct Chain {
    private let format: AudioFormat
    private let failures: Counter
    private var transcoder: AudioTranscoder?
    private var packetizer = OpusPacketizer()
    private var backoff = CodecBackoff()

    init(format: AudioFormat, failures: Counter) {
      self.format = format
      self.failures = failures
    }

    mutating func push(_ frame: EncodedFrame, emit: (PacketizedFrame) -> Void) {
      guard backoff.allows(frame.time) else { return }
      do throws(MediaError) {
        let transcoder: AudioTranscoder
        if let open = self.transcoder { transcoder = open } else { transcoder = try AudioTranscoder(from: format) }
        self.transcoder = transcoder
        var packets = packetizer
        try transcoder.push(frame) { packet in
          let ticks = StreamClock.ticks(ofMediaTime: packet.time, clockRate: PayloadCodec.opus.clockRate)
          if let frame = try? packets.packetize(packet.data, mediaTime: ticks) { emit(frame) }
        }
        packetizer = packets
        backoff.succeeded()
      } catch {
        failures.add()
        backoff.failed(at: frame.time)
        transcoder = nil
      }
    }
  }
}
