import CLibAV

/// Brings any decoded picture to yuv420p in the size asked for; a picture that is so already is lent as it is.
struct PictureConverter: ~Copyable {
  private var scaler: OpaquePointer?
  /// A picture with alpha laid on black.
  private let flattened: Frame
  private let converted: Frame

  init() throws(MediaError) {
    let flattened = try Frame()
    let converted = try Frame()
    self.flattened = flattened
    self.converted = converted
  }

  deinit {
    sws_freeContext(self.scaler)
  }

  /// The picture in yuv420p and `size`; lent until the next call, and no longer than `picture` stays.
  mutating func convert(
    _ picture: borrowing Frame, to size: PictureSize
  ) throws(MediaError) -> UnsafeMutablePointer<AVFrame> {
    var source = picture.pointer
    let own = PictureSize(width: source.pointee.width, height: source.pointee.height)
    if source.pointee.format == AV_PIX_FMT_YUVA420P.rawValue {
      try Self.prepare(self.flattened, own)
      Self.layOnBlack(source, into: self.flattened.pointer)
      source = self.flattened.pointer
    }
    if own == size, source.pointee.format == AV_PIX_FMT_YUV420P.rawValue { return source }
    try Self.prepare(self.converted, size)
    try self.scale(source)
    return self.converted.pointer
  }

  /// Makes a target writable and of the asked size; memory is taken only when the size changed.
  private static func prepare(_ frame: borrowing Frame, _ size: PictureSize) throws(MediaError) {
    let target = frame.pointer
    if !frame.isEmpty, target.pointee.width == size.width, target.pointee.height == size.height {
      guard av_frame_make_writable(target) >= 0 else { throw .outOfMemory }
      return
    }
    frame.clear()
    target.pointee.format = AV_PIX_FMT_YUV420P.rawValue
    target.pointee.width = size.width
    target.pointee.height = size.height
    guard av_frame_get_buffer(target, 0) >= 0 else { throw .outOfMemory }
  }

  private mutating func scale(_ source: UnsafeMutablePointer<AVFrame>) throws(MediaError) {
    let target = self.converted.pointer
    self.scaler = sws_getCachedContext(
      self.scaler, source.pointee.width, source.pointee.height, AVPixelFormat(source.pointee.format),
      target.pointee.width, target.pointee.height, AV_PIX_FMT_YUV420P, SWS_BILINEAR, nil, nil, nil)
    guard let scaler = self.scaler else { throw .scalingFailed(code: clibav_error_invalid_data) }
    let code = sws_scale_frame(scaler, target, source)
    guard code >= 0 else { throw .scalingFailed(code: code) }
  }

  /// Lays a picture with alpha on black: luma towards 16, chroma towards 128 (ITU-R BT.601, limited range).
  private static func layOnBlack(_ source: UnsafeMutablePointer<AVFrame>, into target: UnsafeMutablePointer<AVFrame>) {
    guard let alpha = source.pointee.data.3 else { return }
    let alphaStride = Int(source.pointee.linesize.3)
    let (width, height) = (Int(source.pointee.width), Int(source.pointee.height))
    let planes = [
      (source.pointee.data.0, source.pointee.linesize.0, target.pointee.data.0, target.pointee.linesize.0, 1, 16),
      (source.pointee.data.1, source.pointee.linesize.1, target.pointee.data.1, target.pointee.linesize.1, 2, 128),
      (source.pointee.data.2, source.pointee.linesize.2, target.pointee.data.2, target.pointee.linesize.2, 2, 128),
    ]
    for (from, fromStride, to, toStride, step, black) in planes {
      guard let from, let to else { return }
      for y in 0..<(height + step - 1) / step {
        let (input, output) = (from + y * Int(fromStride), to + y * Int(toStride))
        let mask = alpha + y * step * alphaStride
        for x in 0..<(width + step - 1) / step {
          let share = Int(mask[x * step])
          output[x] = UInt8(clamping: black + ((Int(input[x]) - black) * share + 127) / 255)
        }
      }
    }
  }
}
