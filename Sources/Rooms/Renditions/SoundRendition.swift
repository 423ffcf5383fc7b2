import Media
import NIOCore
import Metrics
import RTP

/// Sound in another codec than it came in.
final class SoundRendition: TranscodedRendition {
  private let lane: MediaLane<SoundChain>
  private let outlet: RenditionOutlet

  /// - `whenRefused`: the decoder does not take the source.
  init(
    from format: AudioFormat, to target: AudioTarget, outlet: RenditionOutlet, resources: RenditionResources,
    whenRefused: @escaping @Sendable () -> Void
  ) {
    self.outlet = outlet
    let settings = TranscoderSettings.sound(format, to: target)
    self.lane = resources.workers.lane(settings.label) { host in
      SoundChain(settings, on: host, failures: resources.codecFailures, whenRefused: whenRefused)
    }
  }

  func setSinks(_ sinks: [any FrameSink], untouched: PayloadCodec?) { outlet.setSinks(sinks, untouched: untouched) }

  // Sound has no key frames: it begins with the next message.
  func start(_ group: [EncodedFrame], age: TimeAmount, at now: NIODeadline) {}

  func requestKeyFrame(age: TimeAmount, at now: NIODeadline) {}

  func repeatPicture(age: TimeAmount, at now: NIODeadline) {}

  func setTargetBitRate(_ bitRate: Int?) {}

  func push(_ frame: EncodedFrame, receivedAt: NIODeadline) -> Bool {
    let admission = lane.submit(at: frame.time) { [outlet] chain in
      chain.push(frame) { outlet.deliver($0, receivedAt: receivedAt) }
    }
    if case .accepted = admission { return true } else { return false }
  }

  func finish(at now: NIODeadline, then: @escaping @Sendable (Int64?) -> Void) {
    // The job and its answers hold the rendition, and so the lane, until nothing comes any more.
    let admission = lane.submit { [self] chain in
      chain.finish {
        self.outlet.deliver($0, receivedAt: now)
      } then: { end in
        self.stop()
        then(end)
      }
    }
    if case .accepted = admission { return }
    stop()
    then(nil)
  }

  func stop() {
    outlet.close()
    // What still waits would be worked on for nobody.
    lane.close()
  }
}
