import CLibAV

/// One AVFrame and its single owner, reused from picture to picture.
struct Frame: ~Copyable {
  let pointer: UnsafeMutablePointer<AVFrame>

  init() throws(MediaError) {
    guard let pointer = av_frame_alloc() else { throw .outOfMemory }
    self.pointer = pointer
  }

  deinit {
    var pointer: UnsafeMutablePointer<AVFrame>? = self.pointer
    av_frame_free(&pointer)
  }

  /// Whether a picture or sound is held.
  var isEmpty: Bool { self.pointer.pointee.buf.0 == nil }

  /// Lets go of the buffers and resets all fields.
  func clear() { av_frame_unref(self.pointer) }

  /// Takes the content of `other`, which is empty afterwards.
  func take(from other: borrowing Frame) {
    av_frame_unref(self.pointer)
    av_frame_move_ref(self.pointer, other.pointer)
  }
}
