import NIOCore

/// Reads the packets of a capture file, whichever of the two common formats it has.
struct CaptureReader {
  private enum Format {
    case pcapng(PcapNGReader)
    case pcap(PcapReader)
  }

  private var format: Format

  /// Tells the format by the file's first bytes.
  /// - Throws: ``ReplayError/notACapture(offset:_:)``.
  init(_ file: ByteBuffer) throws(ReplayError) {
    if let pcap = try PcapReader(file) {
      format = .pcap(pcap)
    } else {
      format = .pcapng(PcapNGReader(file))
    }
  }

  /// The next packet, nil at the end of the file.
  mutating func next() throws(ReplayError) -> CapturedPacket? {
    switch format {
    case .pcapng(var reader):
      defer { format = .pcapng(reader) }
      return try reader.next()
    case .pcap(var reader):
      defer { format = .pcap(reader) }
      return try reader.next()
    }
  }
}
