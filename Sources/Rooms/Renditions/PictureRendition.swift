import Media
import NIOCore
import Metrics
import RTP

/// Pictures in another codec, size or order than they came in.
final class PictureRendition: TranscodedRendition {
  private let lane: MediaLane<PictureChain>
  private let outlet: RenditionOutlet

  /// - `whenLost`: the codecs were lost with their process; they are made anew by `start`.
  /// - `whenRefused`: the decoder does not take the source.
  init(
    from format: VideoFormat, to target: VideoTarget, outlet: RenditionOutlet, resources: RenditionResources,
    whenLost: @escaping @Sendable () -> Void, whenRefused: @escaping @Sendable () -> Void
  ) {
    self.outlet = outlet
    let settings = TranscoderSettings.picture(format, to: target)
    // A picture costs a worker several times what sound does.
    self.lane = resources.workers.lane(settings.label, weight: 5) { host in
      PictureChain(
        settings, to: target, on: host, resources: resources, whenLost: whenLost, whenRefused: whenRefused)
    }
  }

  func setSinks(_ sinks: [any FrameSink], untouched: PayloadCodec?) { outlet.setSinks(sinks, untouched: untouched) }

  func start(_ group: [EncodedFrame], age: TimeAmount, at now: NIODeadline) {
    guard !group.isEmpty else { return }
    lane.submit { [outlet] chain in
      chain.catchUp(group, age: age, at: now) { outlet.deliver($0, receivedAt: now) }
    }
  }

  func push(_ frame: EncodedFrame, receivedAt: NIODeadline) -> Bool {
    let admission = lane.submit(at: frame.time) { [outlet] chain in
      chain.push(frame, at: receivedAt) { outlet.deliver($0, receivedAt: receivedAt) }
    }
    if case .accepted = admission { return true } else { return false }
  }

  func requestKeyFrame(age: TimeAmount, at now: NIODeadline) {
    lane.submit { [outlet] chain in
      chain.requestKeyFrame(age: age, at: now) { outlet.deliver($0, receivedAt: now) }
    }
  }

  func repeatPicture(age: TimeAmount, at now: NIODeadline) {
    lane.submit { [outlet] chain in
      chain.repeatPicture(age: age, at: now) { outlet.deliver($0, receivedAt: now) }
    }
  }

  func setTargetBitRate(_ bitRate: Int?) {
    lane.submit { chain in chain.setTargetBitRate(bitRate) }
  }

  func finish(at now: NIODeadline, then: @escaping @Sendable (Int64?) -> Void) {
    // The job and its answers hold the rendition, and so the lane, until nothing comes any more.
    let admission = lane.submit { [self] chain in
      chain.finish {
        self.outlet.deliver($0, receivedAt: now)
      } then: {
        self.stop()
        then(nil)
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
