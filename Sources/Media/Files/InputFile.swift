import CLibAV

/// An FLV file that libavformat reads, and its single owner.
struct InputFile: ~Copyable {
  let context: UnsafeMutablePointer<AVFormatContext>

  /// - Throws: ``ContainerError/unreadable(_:)``.
  init(flv path: String) throws(ContainerError) {
    LibAV.quiet
    var context: UnsafeMutablePointer<AVFormatContext>?
    // No guessing: what a stranger recorded is read as what it is said to be.
    let opened = avformat_open_input(&context, path, av_find_input_format("flv"), nil)
    guard opened >= 0, let context else { throw .unreadable(LibAV.text(of: opened)) }
    let found = avformat_find_stream_info(context, nil)
    guard found >= 0 else {
      var opened: UnsafeMutablePointer<AVFormatContext>? = context
      avformat_close_input(&opened)
      throw .unreadable(LibAV.text(of: found))
    }
    self.context = context
  }

  deinit {
    var context: UnsafeMutablePointer<AVFormatContext>? = self.context
    avformat_close_input(&context)
  }

  var streamCount: Int { Int(context.pointee.nb_streams) }

  func stream(_ index: Int) -> UnsafeMutablePointer<AVStream>? {
    guard index >= 0, index < streamCount else { return nil }
    return context.pointee.streams[index]
  }

  /// The next packet; false at the end of the file. Damage in its middle ends it, too.
  func read(into packet: borrowing Packet) -> Bool {
    packet.clear()
    return av_read_frame(context, packet.pointer) >= 0
  }
}
