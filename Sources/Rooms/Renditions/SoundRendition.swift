import Media
import NIOCore
import Metrics
import RTP

/// Sound as Opus.
final class SoundRendition: TranscodedRendition {
  private let lane: MediaLane<SoundChain>
  private let outlet: RenditionOutlet

  init(of track: TrackID, from format: AudioFormat, resources: RenditionResources) {
    outlet = RenditionOutlet(of: track, untouched: nil)
    let settings = TranscoderSettings.sound(format, to: .opus())
    self.lane = resources.workers.lane(settings.label) { host in
      SoundChain(settings, on: host, failures: resources.codecFailures)
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
}
