import CLibAV

/// x264 for real time: one picture in, one access unit out, Constrained Baseline, nothing held back.
///
/// Access units are in Annex B framing; each key frame is an IDR picture behind its parameter sets. Never leaves its
/// worker.
final class H264Encoder {
  let width: Int32
  let height: Int32
  private let context: CodecContext
  private let packet: Packet
  /// Time is counted from here.
  private let origin: Int64
  /// bit/s that shall come out.
  private var target: Int
  private var last: Int64?
  /// Between pictures, smoothed, in microseconds.
  private var interval: Int64?
  /// What x264's rate was last reckoned by.
  private var told = H264Encoder.assumedInterval

  /// Opens an encoder for pictures of one size; `origin` is the media time of the first, in microseconds.
  init(width: Int32, height: Int32, bitRate: Int, origin: Int64) throws(MediaError) {
    let context = try CodecContext(encoder: "libx264")
    let settings = context.pointer
    settings.pointee.width = width
    settings.pointee.height = height
    settings.pointee.pix_fmt = AV_PIX_FMT_YUV420P
    settings.pointee.time_base = AVRational(num: 1, den: 1_000_000)
    settings.pointee.framerate = AVRational(num: 30, den: 1)
    settings.pointee.gop_size = 300
    settings.pointee.max_b_frames = 0
    Self.aim(settings, at: bitRate, interval: Self.assumedInterval)
    for (name, value) in Self.options { context.setOption(name, value) }
    try context.open(name: "h264")
    let packet = try Packet()
    self.packet = packet
    self.context = context
    self.width = width
    self.height = height
    self.origin = origin
    self.target = bitRate
  }

  /// Aims at another bit rate (bit/s) from the next picture on; costs no key frame.
  func setTargetBitRate(_ bitRate: Int) {
    self.target = bitRate
    Self.aim(self.context.pointer, at: bitRate, interval: self.told)
  }

  /// Encodes one picture in yuv420p; `time` must be later than that of the picture before.
  func encode(
    _ picture: UnsafeMutablePointer<AVFrame>, at time: Int64, asKeyFrame: Bool, emit: (EncodedFrame) -> Void
  ) throws(MediaError) {
    self.pace(time)
    picture.pointee.pts = time - self.origin
    // The decoder's picture type would otherwise make a key frame of every source key frame.
    picture.pointee.pict_type = asKeyFrame ? AV_PICTURE_TYPE_I : AV_PICTURE_TYPE_NONE
    try self.context.encode(picture, codec: "h264", into: self.packet) { packet in
      let encoded = packet.pointer.pointee
      emit(
        EncodedFrame(
          time: self.origin + encoded.pts, isKeyFrame: encoded.flags & AV_PKT_FLAG_KEY != 0, data: packet.copyBytes()))
    }
  }

  /// Follows the stream's picture rate.
  private func pace(_ time: Int64) {
    defer { self.last = time }
    guard let last = self.last else { return }
    let distance = min(max(time - last, Self.intervals.lowerBound), Self.intervals.upperBound)
    // The first one says more than what was assumed.
    let smoothed = self.interval.map { $0 + (distance - $0) / 8 } ?? distance
    self.interval = smoothed
    guard abs(smoothed - self.told) * 10 > self.told else { return }
    self.told = smoothed
    Self.aim(self.context.pointer, at: self.target, interval: smoothed)
  }

  /// Constant bit rate over a buffer of one second; libavcodec compares these with x264's before each picture.
  ///
  /// Tuned to hold nothing back, x264 takes pictures for evenly spaced by the rate that it was opened with, for the true
  /// distance is known only with the next picture. A picture's share of bits comes out right when the rate is told as
  /// it would be then.
  private static func aim(_ settings: UnsafeMutablePointer<AVCodecContext>, at bitRate: Int, interval: Int64) {
    let told = Int64(bitRate) * interval / Self.assumedInterval
    settings.pointee.bit_rate = told
    settings.pointee.rc_max_rate = told
    settings.pointee.rc_buffer_size = Int32(clamping: told)
  }

  /// Of 30 pictures a second.
  private static let assumedInterval: Int64 = 33_333
  /// Between pictures, as far as they are followed: 60 to 2 a second.
  private static let intervals: ClosedRange<Int64> = 16_667...500_000

  private static let options = [
    ("preset", "superfast"),
    ("tune", "zerolatency"),
    // Without it, an asked-for key frame could be one that later pictures look behind.
    ("forced-idr", "1"),
    ("profile", "baseline"),
    // Slices of threads cost bits, and there are no threads. A cut is no reason for a key frame that nobody asked for.
    ("x264-params", "sliced-threads=0:scenecut=0:keyint=300:min-keyint=1"),
  ]
}
