import CLibAV
import CLibVPX
import NIOCore

/// libvpx for real time: one picture in, one frame out, no look-ahead.
///
/// Called directly, for libavcodec cannot change the bit rate of a running libvpx. Never leaves its worker.
final class VP8Encoder {
  let width: Int32
  let height: Int32
  private let context: UnsafeMutablePointer<vpx_codec_ctx_t>
  private let image: UnsafeMutablePointer<vpx_image_t>
  private var settings: vpx_codec_enc_cfg_t
  /// libvpx counts time from here.
  private let origin: Int64

  /// Opens an encoder for pictures of one size; `origin` is the media time of the first, in microseconds.
  init(width: Int32, height: Int32, bitRate: Int, origin: Int64) throws(MediaError) {
    var settings = vpx_codec_enc_cfg_t()
    guard vpx_codec_enc_config_default(vpx_codec_vp8_cx(), &settings, 0) == VPX_CODEC_OK else {
      throw .codecMissing(name: "libvpx")
    }
    Self.fill(&settings, width: width, height: height)
    settings.rc_target_bitrate = Self.kilobits(bitRate)
    let context = UnsafeMutablePointer<vpx_codec_ctx_t>.allocate(capacity: 1)
    context.initialize(to: vpx_codec_ctx_t())
    let opened = clibvpx_open_vp8(context, &settings)
    guard opened == VPX_CODEC_OK else {
      context.deallocate()
      throw .openFailed(codec: "vp8", code: Int32(bitPattern: opened.rawValue))
    }
    for (option, value) in Self.options { _ = clibvpx_set(context, Int32(bitPattern: option.rawValue), value) }
    self.image = .allocate(capacity: 1)
    self.image.initialize(to: vpx_image_t())
    self.context = context
    self.settings = settings
    self.width = width
    self.height = height
    self.origin = origin
  }

  deinit {
    vpx_codec_destroy(self.context)
    self.context.deallocate()
    self.image.deallocate()
  }

  /// Aims at another bit rate (bit/s) from the next picture on; costs no key frame.
  func setTargetBitRate(_ bitRate: Int) throws(MediaError) {
    let rate = Self.kilobits(bitRate)
    guard rate != self.settings.rc_target_bitrate else { return }
    self.settings.rc_target_bitrate = rate
    try self.check(vpx_codec_enc_config_set(self.context, &self.settings))
  }

  /// Encodes one picture in yuv420p; `time` must be later than that of the picture before.
  func encode(
    _ picture: UnsafeMutablePointer<AVFrame>, at time: Int64, asKeyFrame: Bool, emit: (EncodedFrame) -> Void
  ) throws(MediaError) {
    self.lend(picture)
    let flags = asKeyFrame ? vpx_enc_frame_flags_t(VPX_EFLAG_FORCE_KF) : 0
    try self.check(
      vpx_codec_encode(
        self.context, self.image, time - self.origin, Self.pictureDuration, flags, clibvpx_deadline_realtime))
    var iterator: vpx_codec_iter_t?
    while let packet = vpx_codec_get_cx_data(self.context, &iterator) {
      guard packet.pointee.kind == VPX_CODEC_CX_FRAME_PKT else { continue }
      let frame = packet.pointee.data.frame
      emit(
        EncodedFrame(
          time: self.origin + frame.pts, isKeyFrame: frame.flags & UInt32(VPX_FRAME_IS_KEY) != 0,
          data: ByteBuffer(bytes: UnsafeRawBufferPointer(start: frame.buf, count: frame.sz))))
    }
  }

  /// Points libvpx's picture at the planes of ours.
  private func lend(_ picture: UnsafeMutablePointer<AVFrame>) {
    let source = picture.pointee
    vpx_img_wrap(
      self.image, VPX_IMG_FMT_I420, UInt32(bitPattern: self.width), UInt32(bitPattern: self.height), 1, source.data.0)
    self.image.pointee.planes = (source.data.0, source.data.1, source.data.2, nil)
    self.image.pointee.stride = (source.linesize.0, source.linesize.1, source.linesize.2, 0)
  }

  private func check(_ status: vpx_codec_err_t) throws(MediaError) {
    guard status == VPX_CODEC_OK else { throw .encodingFailed(codec: "vp8", code: Int32(bitPattern: status.rawValue)) }
  }

  private static func fill(_ settings: inout vpx_codec_enc_cfg_t, width: Int32, height: Int32) {
    settings.g_w = UInt32(bitPattern: width)
    settings.g_h = UInt32(bitPattern: height)
    settings.g_timebase = vpx_rational(num: 1, den: 1_000_000)
    // Parallelism comes from the pool's workers.
    settings.g_threads = 1
    settings.g_lag_in_frames = 0
    settings.g_error_resilient = UInt32(VPX_ERROR_RESILIENT_DEFAULT)
    settings.kf_max_dist = 300
    // The buffer is one second, as browsers' own senders have it.
    settings.rc_end_usage = VPX_CBR
    settings.rc_buf_sz = 1_000
    settings.rc_buf_initial_sz = 500
    settings.rc_buf_optimal_sz = 833
    settings.rc_min_quantizer = 2
    settings.rc_max_quantizer = 56
    settings.rc_undershoot_pct = 100
    settings.rc_overshoot_pct = 15
  }

  private static func kilobits(_ bitRate: Int) -> UInt32 { UInt32(clamping: (bitRate + 500) / 1_000) }

  /// libvpx reckons the first picture's budget from its duration; later ones from the times it sees.
  private static let pictureDuration: UInt = 40_000

  private static let options: [(vp8e_enc_control_id, Int32)] = [
    // Negative: a fixed speed. A positive one makes libvpx adapt to the wall clock and use all the CPU it finds.
    (VP8E_SET_CPUUSED, -12),
    // No more than nine times an ordinary frame, so that a key frame does not stall a thin line.
    (VP8E_SET_MAX_INTRA_BITRATE_PCT, 900),
    (VP8E_SET_STATIC_THRESHOLD, 1),
  ]
}
