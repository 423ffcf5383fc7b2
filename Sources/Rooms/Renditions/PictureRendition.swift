import Media
import NIOCore
import Metrics
import RTP

/// Pictures as VP8.
final class PictureRendition: TranscodedRendition {
  private let lane: MediaLane<PictureChain>
  private let outlet: RenditionOutlet

  /// - `whenLost`: the codecs were lost with their process; they are made anew by `start`.
  init(
    of track: TrackID, from format: VideoFormat, untouched: PayloadCodec?, resources: RenditionResources,
    whenLost: @escaping @Sendable () -> Void
  ) {
    outlet = RenditionOutlet(of: track, untouched: untouched)
    let settings = TranscoderSettings.picture(format, to: .vp8())
    // A picture costs a worker several times what sound does.
    self.lane = resources.workers.lane(settings.label, weight: 5) { host in
      PictureChain(settings, on: host, resources: resources, whenLost: whenLost)
    }
  }

  func setSinks(_ sinks: [any FrameSink]) { outlet.setSinks(sinks) }

  func start(_ group: [EncodedFrame]) {
    guard !group.isEmpty else { return }
    let receivedAt = NIODeadline.now()
    lane.submit { [outlet] chain in
      chain.catchUp(group, at: receivedAt) { outlet.deliver($0, receivedAt: receivedAt) }
    }
  }

  func push(_ frame: EncodedFrame, receivedAt: NIODeadline) -> Bool {
    let admission = lane.submit(at: frame.time) { [outlet] chain in
      chain.push(frame, at: receivedAt) { outlet.deliver($0, receivedAt: receivedAt) }
    }
    if case .accepted = admission { return true } else { return false }
  }

  func requestKeyFrame() {
    let receivedAt = NIODeadline.now()
    lane.submit { [outlet] chain in
      chain.requestKeyFrame(at: receivedAt) { outlet.deliver($0, receivedAt: receivedAt) }
    }
  }

  func stop() {
    setSinks([])
    // What still waits would be worked on for nobody.
    lane.close()
  }
}
