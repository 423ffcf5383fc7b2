import NIOCore

/// Reads the packets of a capture file, whichever of the two common formats it has.
struct CaptureReader {
  private enum Format {
    case pcapng(PcapNGReader)
    case pcap(PcapReader)
    /// While the next packet is read.
    case reading
  }

  private static let gzipMagic: UInt16 = 0x1F8B

  private var format: Format

  /// What the file says beside its packets, as far as it was read.
  var remarks: CaptureRemarks {
    switch format {
    case .pcapng(let reader): reader.remarks
    case .pcap, .reading: CaptureRemarks()
    }
  }

  /// Tells the format by the file's first bytes.
  /// - Throws: ``ReplayError/notACapture(offset:_:)``.
  init(_ store: CaptureStore) throws(ReplayError) {
    var file = CaptureWindow(store)
    if try file.integer(at: 0, as: UInt16.self) == Self.gzipMagic {
      throw .notACapture(offset: 0, "it is compressed; unpack it with gunzip first")
    }
    if let pcap = try PcapReader(file) {
      format = .pcap(pcap)
    } else {
      format = .pcapng(PcapNGReader(file))
    }
  }

  private init(_ format: Format) { self.format = format }

  /// The reader as it was before a packet of its file, to read again from there.
  func mark(before packet: CapturedPacket) -> CaptureReader {
    switch format {
    case .pcapng(let reader): CaptureReader(.pcapng(reader.mark(before: packet)))
    case .pcap(let reader): CaptureReader(.pcap(reader.mark(before: packet)))
    case .reading: self
    }
  }

  /// The next packet, nil at the end of the file.
  mutating func next() throws(ReplayError) -> CapturedPacket? {
    switch format {
    case .pcapng(var reader):
      // One owner of the reader's arrays at a time, or each packet would copy them.
      format = .reading
      defer { format = .pcapng(reader) }
      return try reader.next()
    case .pcap(var reader):
      defer { format = .pcap(reader) }
      return try reader.next()
    case .reading: return nil
    }
  }
}
