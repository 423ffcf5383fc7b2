import CLibAV

/// libvpx for real time: one picture in, one frame out, no look-ahead.
struct VP8Encoder: ~Copyable {
  let width: Int32
  let height: Int32
  let bitRate: Int
  private let context: CodecContext
  private let packet: Packet
  /// libvpx counts time from here.
  private let origin: Int64

  /// Opens an encoder for pictures of one size; `origin` is the media time of the first, in microseconds.
  init(width: Int32, height: Int32, bitRate: Int, origin: Int64) throws(MediaError) {
    let context = try CodecContext(encoder: "libvpx")
    let settings = context.pointer
    settings.pointee.width = width
    settings.pointee.height = height
    settings.pointee.pix_fmt = AV_PIX_FMT_YUV420P
    settings.pointee.time_base = AVRational(num: 1, den: 1_000_000)
    // libvpx reckons the first picture's budget from its duration; later ones from the times it sees.
    settings.pointee.ticks_per_frame = 40_000
    settings.pointee.gop_size = 300
    settings.pointee.max_b_frames = 0
    // Equal rates select constant bit rate; the buffer is one second, as browsers' own senders have it.
    settings.pointee.bit_rate = Int64(bitRate)
    settings.pointee.rc_min_rate = Int64(bitRate)
    settings.pointee.rc_max_rate = Int64(bitRate)
    settings.pointee.rc_buffer_size = Int32(bitRate)
    settings.pointee.rc_initial_buffer_occupancy = Int32(bitRate / 2)
    settings.pointee.qmin = 2
    settings.pointee.qmax = 56
    for (name, value) in Self.options { context.setOption(name, value) }
    try context.open(name: "vp8")
    let packet = try Packet()
    self.packet = packet
    self.context = context
    self.width = width
    self.height = height
    self.bitRate = bitRate
    self.origin = origin
  }

  /// Encodes one picture; `time` must be later than that of the picture before.
  mutating func encode(
    _ picture: UnsafeMutablePointer<AVFrame>, at time: Int64, asKeyFrame: Bool, emit: (EncodedFrame) -> Void
  ) throws(MediaError) {
    picture.pointee.pts = time - self.origin
    // The decoder's picture type would otherwise make a key frame of every source key frame.
    picture.pointee.pict_type = asKeyFrame ? AV_PICTURE_TYPE_I : AV_PICTURE_TYPE_NONE
    let sent = avcodec_send_frame(self.context.pointer, picture)
    guard sent >= 0 else { throw .encodingFailed(codec: "vp8", code: sent) }
    while true {
      let received = avcodec_receive_packet(self.context.pointer, self.packet.pointer)
      if received == clibav_error_again { return }
      guard received >= 0 else { throw .encodingFailed(codec: "vp8", code: received) }
      let packet = self.packet.pointer.pointee
      emit(
        EncodedFrame(
          time: self.origin + packet.pts, isKeyFrame: packet.flags & AV_PKT_FLAG_KEY != 0,
          data: self.packet.copyBytes()))
      self.packet.clear()
    }
  }

  /// A rate that gives a clear picture of a talking person at webcam frame rates: 300 kbit/s for 320x240,
  /// 900 kbit/s for 640x480, never above 3 Mbit/s.
  static func bitRate(width: Int32, height: Int32) -> Int {
    min(100_000 + Int(width) * Int(height) * 8 / 3, 3_000_000)
  }

  static let options = [
    ("deadline", "realtime"),
    // Negative: a fixed speed. A positive one makes libvpx adapt to the wall clock and use all the CPU it finds.
    ("cpu-used", "-12"),
    ("lag-in-frames", "0"),
    ("error-resilient", "default"),
    ("auto-alt-ref", "0"),
    // No more than nine times an ordinary frame, so that a key frame does not stall a thin line.
    ("max-intra-rate", "900"),
    ("undershoot-pct", "100"),
    ("overshoot-pct", "15"),
    ("static-thresh", "1"),
  ]
}
