import CLibAV
import Glibc

/// libopus for speech: interleaved float samples at 48 kHz in, one packet each 960 of them.
struct OpusEncoder: ~Copyable {
  /// Samples a channel in a packet: 20 ms.
  static let frameSamples = 960
  /// Samples a second, the only rate used.
  static let sampleRate = 48_000

  let channels: Int
  private let context: CodecContext
  private let frame: Frame
  private let packet: Packet
  /// Samples a channel waiting for a whole frame.
  private(set) var pending = 0

  /// From 7 on libopus spends about as much again on a music detector.
  static let usualComplexity: Int32 = 5

  /// - Parameter complexity: 0 to 10, what libopus may spend.
  init(channels: Int, bitRate: Int, complexity: Int32 = usualComplexity) throws(MediaError) {
    let context = try CodecContext(encoder: "libopus")
    let settings = context.pointer
    settings.pointee.sample_rate = Int32(Self.sampleRate)
    settings.pointee.sample_fmt = AV_SAMPLE_FMT_FLT
    settings.pointee.bit_rate = Int64(bitRate)
    settings.pointee.compression_level = complexity
    av_channel_layout_default(&settings.pointee.ch_layout, Int32(channels))
    context.setOption("application", "voip")
    context.setOption("frame_duration", "20")
    try context.open(name: "opus")
    let packet = try Packet()
    let frame = try Frame()
    frame.pointer.pointee.format = AV_SAMPLE_FMT_FLT.rawValue
    frame.pointer.pointee.sample_rate = Int32(Self.sampleRate)
    frame.pointer.pointee.nb_samples = Int32(Self.frameSamples)
    av_channel_layout_default(&frame.pointer.pointee.ch_layout, Int32(channels))
    guard av_frame_get_buffer(frame.pointer, 0) >= 0 else { throw .outOfMemory }
    self.frame = frame
    self.packet = packet
    self.context = context
    self.channels = channels
  }

  /// Takes samples and hands over a packet for each 960 of them, and how far it lies below full scale in decibels, 0 to
  /// 127.
  mutating func append(
    _ samples: UnsafeBufferPointer<Float>, packet emit: (borrowing Packet, UInt8) -> Void
  ) throws(MediaError) {
    var rest = samples[...]
    while !rest.isEmpty {
      let room = (Self.frameSamples - self.pending) * self.channels
      let part = rest.prefix(room)
      try self.store(UnsafeBufferPointer(rebasing: part))
      rest = rest.dropFirst(part.count)
      if self.pending == Self.frameSamples { try self.encode(emit) }
    }
  }

  /// Fills the waiting samples up with silence and encodes them; nothing when none wait.
  mutating func flush(packet emit: (borrowing Packet, UInt8) -> Void) throws(MediaError) {
    guard self.pending > 0, let plane = self.plane else { return }
    plane[(self.pending * self.channels)...].update(repeating: 0)
    self.pending = Self.frameSamples
    try self.encode(emit)
  }

  private var plane: UnsafeMutableBufferPointer<Float>? {
    guard let start = self.frame.pointer.pointee.data.0 else { return nil }
    let count = Self.frameSamples * self.channels
    return UnsafeMutableBufferPointer(
      start: UnsafeMutableRawPointer(start).assumingMemoryBound(to: Float.self), count: count)
  }

  private mutating func store(_ samples: UnsafeBufferPointer<Float>) throws(MediaError) {
    // The encoder may still hold the frame before; then this is where a new one comes from.
    guard av_frame_make_writable(self.frame.pointer) >= 0, let plane = self.plane else { throw .outOfMemory }
    _ = plane[(self.pending * self.channels)...].update(fromContentsOf: samples)
    self.pending += samples.count / self.channels
  }

  private mutating func encode(_ emit: (borrowing Packet, UInt8) -> Void) throws(MediaError) {
    self.pending = 0
    let attenuation = self.plane.map { Self.attenuation(of: UnsafeBufferPointer($0)) } ?? 127
    self.frame.pointer.pointee.pts = clibav_no_time
    try self.context.encode(self.frame.pointer, codec: "opus", into: self.packet) { packet in
      emit(packet, attenuation)
    }
  }

  /// By the root mean square of all channels.
  private static func attenuation(of samples: UnsafeBufferPointer<Float>) -> UInt8 {
    // Lane by lane: one sum after another would wait for each addition, and take a hundredth of the encoder's time.
    var lanes = SIMD16<Float>.zero
    let bytes = UnsafeRawBufferPointer(samples)
    let whole = bytes.count / MemoryLayout<SIMD16<Float>>.size * MemoryLayout<SIMD16<Float>>.size
    for offset in stride(from: 0, to: whole, by: MemoryLayout<SIMD16<Float>>.size) {
      let part = bytes.loadUnaligned(fromByteOffset: offset, as: SIMD16<Float>.self)
      lanes += part * part
    }
    let energy = lanes.sum() + samples[(whole / MemoryLayout<Float>.size)...].reduce(0) { $0 + $1 * $1 }
    // Also for what is no number: a decoder makes anything of damage.
    guard energy > 0, energy.isFinite else { return 127 }
    let decibels = -10 * log10(energy / Float(samples.count))
    return UInt8(min(max(decibels.rounded(), 0), 127))
  }
}
