import CLibAV
import NIOCore

/// Any decoder of the table: encoded bytes in, frames out, damage counted.
struct Decoder: ~Copyable {
  private let context: CodecContext
  private let entry: DecoderEntry
  private let limits: MediaLimits
  private let packet: Packet
  private let incoming: Frame
  private var damagedInARow = 0
  /// Frames that could not be decoded, since the start.
  private(set) var damaged = 0

  init(_ format: AudioFormat, limits: MediaLimits) throws(MediaError) {
    let entry = format.codec.decoding
    let rate = entry.fixed?.sampleRate ?? format.sampleRate
    let channels = entry.fixed?.channels ?? format.channels
    guard (4_000...192_000).contains(rate) else { throw .formatOutOfRange(field: "sample rate", value: rate) }
    guard (1...2).contains(channels) else { throw .formatOutOfRange(field: "channel count", value: channels) }
    let context = try CodecContext(decoder: entry.decoder)
    context.pointer.pointee.sample_rate = Int32(rate)
    av_channel_layout_default(&context.pointer.pointee.ch_layout, Int32(channels))
    context.pointer.pointee.max_samples = Int64(limits.frameSamples)
    try self.init(context, entry, format.configuration, limits)
  }

  init(_ format: VideoFormat, limits: MediaLimits) throws(MediaError) {
    let context = try CodecContext(decoder: format.codec.decoding.decoder)
    // libavcodec compares sizes that it has rounded up for its own alignment; `fits` holds the exact bound.
    context.pointer.pointee.max_pixels = Int64(limits.picturePixels) * 5 / 4 + 65_536
    context.pointer.pointee.pkt_timebase = AVRational(num: 1, den: 1_000_000)
    try self.init(context, format.codec.decoding, format.configuration, limits)
  }

  private init(
    _ context: consuming CodecContext, _ entry: DecoderEntry, _ configuration: ByteBuffer?, _ limits: MediaLimits
  ) throws(MediaError) {
    switch entry.configuration {
    case .none: break
    case .leadingByte: try context.setExtradata(ByteBuffer(bytes: [0]).readableBytesView)
    case .required:
      guard let configuration, configuration.readableBytes > 0 else {
        throw .configurationMissing(codec: entry.name)
      }
      guard configuration.readableBytes <= limits.configuration else {
        throw .configurationTooLong(
          codec: entry.name, length: configuration.readableBytes, limit: limits.configuration)
      }
      try context.setExtradata(configuration.readableBytesView)
    }
    try context.open(name: entry.name)
    let packet = try Packet()
    let incoming = try Frame()
    self.entry = entry
    self.limits = limits
    self.packet = packet
    self.incoming = incoming
    self.context = context
  }

  /// Channels the decoder expects, 0 when only a frame can tell.
  var channels: Int { Int(self.context.pointer.pointee.ch_layout.nb_channels) }

  /// Decodes one encoded frame and hands over what comes out, in order of presentation.
  ///
  /// Damage is counted and forgiven until too much of it comes in a row. The frame handed over may be kept by
  /// `Frame.take(from:)`.
  mutating func decode(
    _ frame: EncodedFrame, receive: (borrowing Frame) throws(MediaError) -> Void
  ) throws(MediaError) {
    // An empty packet would mean "end of stream" to libavcodec.
    guard frame.data.readableBytes > 0 else { return }
    guard frame.data.readableBytes <= self.limits.encodedFrame else {
      return try self.countDamage(clibav_error_invalid_data)
    }
    var status = self.send(frame)
    if status == clibav_error_again {
      // Remains of a damaged packet stand in the way.
      _ = try self.drain(receive)
      status = self.send(frame)
    }
    if status >= 0 {
      status = try self.drain(receive)
    }
    if self.entry.mustDrainEachMessage {
      try self.finish(receive: receive)
      avcodec_flush_buffers(self.context.pointer)
    }
    if status < 0 {
      try self.countDamage(status)
    }
  }

  /// Hands over what the decoder still holds back; it takes no further frame afterwards.
  mutating func finish(receive: (borrowing Frame) throws(MediaError) -> Void) throws(MediaError) {
    guard avcodec_send_packet(self.context.pointer, nil) >= 0 else { return }
    _ = try self.drain(receive)
  }

  private func send(_ frame: EncodedFrame) -> Int32 {
    frame.data.withUnsafeReadableBytes { bytes in
      var body = bytes[...]
      if case .leadingByte = self.entry.configuration {
        self.context.pointer.pointee.extradata?.pointee = bytes[0]
        body = bytes.dropFirst()
      }
      guard let start = UnsafeRawBufferPointer(rebasing: body).baseAddress, !body.isEmpty else {
        return clibav_error_invalid_data
      }
      // Without a buffer reference libavcodec makes its own padded copy, so the bytes are only lent.
      self.packet.pointer.pointee.data = UnsafeMutableRawPointer(mutating: start).assumingMemoryBound(to: UInt8.self)
      self.packet.pointer.pointee.size = Int32(body.count)
      self.packet.pointer.pointee.pts = frame.time
      self.packet.pointer.pointee.dts = clibav_no_time
      self.packet.pointer.pointee.flags = frame.isKeyFrame ? AV_PKT_FLAG_KEY : 0
      defer {
        self.packet.pointer.pointee.data = nil
        self.packet.pointer.pointee.size = 0
      }
      return avcodec_send_packet(self.context.pointer, self.packet.pointer)
    }
  }

  /// Zero when all went well, else the decoder's error.
  private mutating func drain(
    _ receive: (borrowing Frame) throws(MediaError) -> Void
  ) throws(MediaError) -> Int32 {
    while true {
      let status = avcodec_receive_frame(self.context.pointer, self.incoming.pointer)
      if status == clibav_error_again || status == clibav_error_end_of_file { return 0 }
      guard status >= 0 else { return status }
      guard self.fits(self.incoming) else { return clibav_error_invalid_data }
      self.damagedInARow = 0
      try receive(self.incoming)
    }
  }

  /// Whether a decoded frame keeps the limits that libavcodec does not know.
  private func fits(_ frame: borrowing Frame) -> Bool {
    let decoded = frame.pointer.pointee
    let (width, height) = (Int(decoded.width), Int(decoded.height))
    return max(width, height) <= self.limits.pictureSide && width * height <= self.limits.picturePixels
      && Int(decoded.nb_samples) <= self.limits.frameSamples
  }

  private mutating func countDamage(_ code: Int32) throws(MediaError) {
    self.damaged += 1
    self.damagedInARow += 1
    if self.damagedInARow > self.limits.damagedInARow {
      throw .damaged(codec: self.entry.name, inARow: self.damagedInARow, code: code)
    }
  }
}
