import Media
import NIOCore
import Metrics
import RTP

/// Pictures as VP8.
final class PictureRendition: TranscodedRendition {
  private let lane: MediaLane<Chain>
  private let outlet: RenditionOutlet

  init(of track: TrackID, from format: VideoFormat, untouched: PayloadCodec?, resources: RenditionResources) {
    outlet = RenditionOutlet(of: track, untouched: untouched)
    // A picture costs a worker several times what sound does.
    self.lane = resources.workers.lane(TranscodeLabel(format.codec, to: .vp8()), weight: 5) {
      Chain(format: format, failures: resources.codecFailures, maximumPayload: resources.maximumPayload)
    }
  }

  func setSinks(_ sinks: [any FrameSink]) { outlet.setSinks(sinks) }

  func start(_ group: [EncodedFrame]) {
    guard !group.isEmpty else { return }
    let receivedAt = NIODeadline.now()
    lane.submit { [outlet] chain in chain.catchUp(group, at: receivedAt) { outlet.deliver($0, receivedAt: receivedAt) }
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
    lane.submit { [outlet] chain in chain.requestKeyFrame(at: receivedAt) { outlet.deliver($0, receivedAt: receivedAt) }
    }
  }

  func stop() {
    setSinks([])
    // What still waits would be worked on for nobody.
    lane.close()
  }

  /// Decoder, encoder and packetiser; lives on the worker.
  private struct Chain {
    private let format: VideoFormat
    private let failures: Counter
    private var transcoder: VideoTranscoder?
    private var packetizer: VP8Packetizer
    private var backoff = CodecBackoff()
    /// A decoder that starts in the middle of a group of pictures shows damage until the next key frame.
    private var isReady = false
    private var budget = KeyFrameBudget()
    private var pace = PicturePace()
    /// A request that came when there was no budget.
    private var owesKeyFrame = false
    private var newest: Int64 = 0

    init(format: VideoFormat, failures: Counter, maximumPayload: Int) {
      self.format = format
      self.failures = failures
      var random = SystemRandomNumberGenerator()
      self.packetizer = VP8Packetizer(maximumPayload: maximumPayload, using: &random)
    }

    mutating func catchUp(_ group: [EncodedFrame], at now: NIODeadline, emit: (PacketizedFrame) -> Void) {
      guard let last = group.last else { return }
      pace.picture(at: now)
      attempt(at: last.time) { chain, transcoder throws(MediaError) in
        for frame in group { try transcoder.catchUp(frame) }
        chain.isReady = true
        try transcoder.encodeLatestPicture { chain.packetize($0, emit) }
      }
    }

    mutating func push(_ frame: EncodedFrame, at now: NIODeadline, emit: (PacketizedFrame) -> Void) {
      guard isReady || frame.isKeyFrame else { return }
      pace.picture(at: now)
      let isDue = owesKeyFrame && budget.take(at: now)
      attempt(at: frame.time) { chain, transcoder throws(MediaError) in
        chain.isReady = true
        if isDue { transcoder.requestKeyFrame() }
        try transcoder.push(frame) { chain.packetize($0, emit) }
      }
    }

    mutating func requestKeyFrame(at now: NIODeadline, emit: (PacketizedFrame) -> Void) {
      guard isReady, let transcoder else { return }
      guard budget.take(at: now) else {
        owesKeyFrame = true
        return
      }
      // The next picture will do when it is about to come. A shared screen may stand still for long: then the picture
      // that stands is sent again.
      if pace.expectsPicture(at: now) { return transcoder.requestKeyFrame() }
      attempt(at: newest) { chain, transcoder throws(MediaError) in
        try transcoder.encodeLatestPicture { chain.packetize($0, emit) }
      }
    }

    private mutating func attempt(
      at time: Int64, _ work: (inout Chain, VideoTranscoder) throws(MediaError) -> Void
    ) {
      guard backoff.allows(time) else { return }
      do throws(MediaError) {
        let transcoder: VideoTranscoder
        if let open = self.transcoder { transcoder = open } else { transcoder = try VideoTranscoder(from: format) }
        self.transcoder = transcoder
        try work(&self, transcoder)
        backoff.succeeded()
      } catch {
        failures.add()
        backoff.failed(at: time)
        transcoder = nil
        isReady = false
      }
    }

    private mutating func packetize(_ picture: EncodedFrame, _ emit: (PacketizedFrame) -> Void) {
      newest = picture.time
      if picture.isKeyFrame { owesKeyFrame = false }
      let ticks = StreamClock.ticks(ofMediaTime: picture.time, clockRate: PayloadCodec.vp8.clockRate)
      guard let frame = try? packetizer.packetize(picture.data, mediaTime: ticks) else { return }
      emit(frame)
    }
  }
}
