import CLibAV

/// A file that libavformat writes, and its single owner.
struct OutputFile: ~Copyable {
  let context: UnsafeMutablePointer<AVFormatContext>

  /// Creates the file.
  init(path: String, format: ContainerFormat) throws(ContainerError) {
    LibAV.quiet
    var context: UnsafeMutablePointer<AVFormatContext>?
    let made = avformat_alloc_output_context2(&context, nil, format.muxer, path)
    guard made >= 0, let context else { throw .unwritable(LibAV.text(of: made)) }
    let opened = avio_open(&context.pointee.pb, path, AVIO_FLAG_WRITE)
    guard opened >= 0 else {
      avformat_free_context(context)
      throw .unwritable(LibAV.text(of: opened))
    }
    self.context = context
  }

  deinit {
    if context.pointee.pb != nil { avio_closep(&context.pointee.pb) }
    avformat_free_context(context)
  }

  /// Whether the format has a place for a codec.
  static func takes(_ codec: AVCodecID, _ format: ContainerFormat) -> Bool {
    guard let muxer = av_guess_format(format.muxer, nil, nil) else { return false }
    return avformat_query_codec(muxer, codec, FF_COMPLIANCE_NORMAL) == 1
  }

  /// A stream of these parameters; returns its index.
  func addStream(_ parameters: UnsafePointer<AVCodecParameters>, timeBase: AVRational) throws(ContainerError) -> Int32 {
    guard let stream = avformat_new_stream(context, nil) else { throw .unwritable("out of memory") }
    let copied = avcodec_parameters_copy(stream.pointee.codecpar, parameters)
    guard copied >= 0 else { throw .unwritable(LibAV.text(of: copied)) }
    // A tag of the file it came from means something else in another format.
    stream.pointee.codecpar.pointee.codec_tag = 0
    stream.pointee.time_base = timeBase
    return stream.pointee.index
  }

  func writeHeader() throws(ContainerError) {
    let code = avformat_write_header(context, nil)
    guard code >= 0 else { throw .unwritable(LibAV.text(of: code)) }
  }

  /// Takes the packet, whose times are in `timeBase`.
  func write(_ packet: borrowing Packet, stream: Int32, timeBase: AVRational) throws(ContainerError) {
    guard let target = context.pointee.streams[Int(stream)] else { return }
    packet.pointer.pointee.stream_index = stream
    packet.pointer.pointee.pos = -1
    av_packet_rescale_ts(packet.pointer, timeBase, target.pointee.time_base)
    let code = av_interleaved_write_frame(context, packet.pointer)
    guard code >= 0 else { throw .unwritable(LibAV.text(of: code)) }
  }

  func finish() throws(ContainerError) {
    let code = av_write_trailer(context)
    guard code >= 0 else { throw .unwritable(LibAV.text(of: code)) }
  }
}
