import CLibAV
import NIOCore

/// One AVPacket and its single owner, reused from frame to frame.
struct Packet: ~Copyable {
  let pointer: UnsafeMutablePointer<AVPacket>

  init() throws(MediaError) {
    guard let pointer = av_packet_alloc() else { throw .outOfMemory }
    self.pointer = pointer
  }

  deinit {
    var pointer: UnsafeMutablePointer<AVPacket>? = self.pointer
    av_packet_free(&pointer)
  }

  /// The packet's bytes in a buffer of their own: the one copy between encoder and network.
  func copyBytes() -> ByteBuffer {
    guard let data = self.pointer.pointee.data, self.pointer.pointee.size > 0 else { return ByteBuffer() }
    return ByteBuffer(bytes: UnsafeRawBufferPointer(start: data, count: Int(self.pointer.pointee.size)))
  }

  func clear() { av_packet_unref(self.pointer) }
}
