import NIOCore

/// A packet of a capture.
struct CapturedPacket {
  /// Counted from 1, as Wireshark does.
  let number: Int
  /// Where its block or record begins in the file.
  var offset = 0
  /// Microseconds since the epoch, never negative.
  let time: Int64
  /// What the bytes begin with.
  let link: LinkType
  /// The bytes from the link's header on, as far as they were captured.
  let bytes: ByteBuffer
  /// How many bytes of the packet's end the capture left out.
  var cut = 0
}
