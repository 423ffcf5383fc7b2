import CLibAV
import NIOCore

/// One libavcodec context and its single owner; freed with it.
struct CodecContext: ~Copyable {
  let pointer: UnsafeMutablePointer<AVCodecContext>

  init(decoder name: String) throws(MediaError) {
    try self.init(codec: avcodec_find_decoder_by_name(name), name: name)
  }

  init(encoder name: String) throws(MediaError) {
    try self.init(codec: avcodec_find_encoder_by_name(name), name: name)
  }

  private init(codec: UnsafePointer<AVCodec>?, name: String) throws(MediaError) {
    LibAV.quiet
    guard let codec else { throw .codecMissing(name: name) }
    guard let pointer = avcodec_alloc_context3(codec) else { throw .outOfMemory }
    // Parallelism comes from the pool's workers; a codec's own threads would add delay and wake-ups.
    pointer.pointee.thread_count = 1
    self.pointer = pointer
  }

  deinit {
    var pointer: UnsafeMutablePointer<AVCodecContext>? = self.pointer
    avcodec_free_context(&pointer)
  }

  /// Opens with the context's own codec.
  func open(name: String) throws(MediaError) {
    let code = avcodec_open2(self.pointer, nil, nil)
    guard code >= 0 else { throw .openFailed(codec: name, code: code) }
  }

  /// Copies `bytes` into extradata, zero-padded as libavcodec demands.
  func setExtradata(_ bytes: ByteBufferView) throws(MediaError) {
    guard let memory = av_mallocz(bytes.count + Int(AV_INPUT_BUFFER_PADDING_SIZE)) else { throw .outOfMemory }
    bytes.withUnsafeBytes { memory.copyMemory(from: $0.baseAddress ?? UnsafeRawPointer(memory), byteCount: $0.count) }
    av_free(self.pointer.pointee.extradata)
    self.pointer.pointee.extradata = memory.assumingMemoryBound(to: UInt8.self)
    self.pointer.pointee.extradata_size = Int32(bytes.count)
  }

  /// Sets an option of the codec's own table; false when it has none of that name.
  @discardableResult
  func setOption(_ name: String, _ value: String) -> Bool {
    av_opt_set(self.pointer.pointee.priv_data, name, value, 0) >= 0
  }

  /// Gives the encoder a frame, and hands over each packet that comes out; it is lent for the call alone.
  func encode(
    _ frame: UnsafeMutablePointer<AVFrame>, codec: String, into packet: borrowing Packet,
    receive: (borrowing Packet) -> Void
  ) throws(MediaError) {
    let sent = avcodec_send_frame(self.pointer, frame)
    guard sent >= 0 else { throw .encodingFailed(codec: codec, code: sent) }
    while true {
      let received = avcodec_receive_packet(self.pointer, packet.pointer)
      if received == clibav_error_again { return }
      guard received >= 0 else { throw .encodingFailed(codec: codec, code: received) }
      receive(packet)
      packet.clear()
    }
  }
}
