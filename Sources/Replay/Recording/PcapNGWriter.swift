import NIOCore

/// Blocks of a pcapng file of raw IP packets (draft-ietf-opsawg-pcapng), little endian, with times in nanoseconds.
///
/// A file is the header, then packets and marks in any number. Each block is whole by itself, so that a file that ends
/// between two is one that every reader takes.
public enum PcapNGWriter {
  /// Raw IP, version 4 or 6, in the LINKTYPE registry.
  private static let rawIP: UInt16 = 101
  private static let byteOrderMagic: UInt32 = 0x1A2B_3C4D

  private enum BlockType {
    static let sectionHeader: UInt32 = 0x0A0D_0D0A
    static let interfaceDescription: UInt32 = 1
    static let interfaceStatistics: UInt32 = 5
    static let enhancedPacket: UInt32 = 6
  }

  private enum Option {
    static let end: UInt16 = 0
    static let comment: UInt16 = 1
    /// `shb_userappl`, `if_name`, `if_tsresol`, `isb_ifdrop`.
    static let application: UInt16 = 4
    static let interfaceName: UInt16 = 2
    static let resolution: UInt16 = 9
    static let dropped: UInt16 = 5
  }

  /// A section and its one interface.
  /// - Parameters:
  ///   - application: the program that writes.
  ///   - comment: for whoever opens the file.
  public static func header(application: String, comment: String) -> ByteBuffer {
    var section = ByteBuffer()
    section.writeInteger(byteOrderMagic, endianness: .little)
    section.writeInteger(1 as UInt16, endianness: .little)
    section.writeInteger(0 as UInt16, endianness: .little)
    // The section's length is not known beforehand.
    section.writeInteger(-1 as Int64, endianness: .little)
    write(Option.comment, ByteBuffer(string: comment), into: &section)
    write(Option.application, ByteBuffer(string: application), into: &section)
    write(Option.end, ByteBuffer(), into: &section)

    var interface = ByteBuffer()
    interface.writeInteger(rawIP, endianness: .little)
    interface.writeInteger(0 as UInt16, endianness: .little)
    // No limit on a packet's length.
    interface.writeInteger(0 as UInt32, endianness: .little)
    write(Option.interfaceName, ByteBuffer(string: "flashgate"), into: &interface)
    write(Option.resolution, ByteBuffer(bytes: [9]), into: &interface)
    write(Option.end, ByteBuffer(), into: &interface)

    var file = ByteBuffer()
    write(BlockType.sectionHeader, section, into: &file)
    write(BlockType.interfaceDescription, interface, into: &file)
    return file
  }

  /// One packet.
  /// - Parameters:
  ///   - packet: from the IP header on.
  ///   - nanoseconds: since the epoch.
  ///   - comment: what Wireshark shows with it.
  public static func packet(_ packet: ByteBuffer, at nanoseconds: UInt64, comment: String? = nil) -> ByteBuffer {
    var body = ByteBuffer()
    body.reserveCapacity(packet.readableBytes + 40)
    body.writeInteger(0 as UInt32, endianness: .little)
    write(time: nanoseconds, into: &body)
    let length = UInt32(truncatingIfNeeded: packet.readableBytes)
    body.writeInteger(length, endianness: .little)
    body.writeInteger(length, endianness: .little)
    body.writeImmutableBuffer(packet)
    pad(&body, to: packet.readableBytes)
    if let comment {
      write(Option.comment, ByteBuffer(string: comment), into: &body)
      write(Option.end, ByteBuffer(), into: &body)
    }
    var block = ByteBuffer()
    block.reserveCapacity(body.readableBytes + 12)
    write(BlockType.enhancedPacket, body, into: &block)
    return block
  }

  /// A mark: how many packets in all are not in the file, and why.
  public static func mark(dropped: UInt64, comment: String, at nanoseconds: UInt64) -> ByteBuffer {
    var body = ByteBuffer()
    body.writeInteger(0 as UInt32, endianness: .little)
    write(time: nanoseconds, into: &body)
    var count = ByteBuffer()
    count.writeInteger(dropped, endianness: .little)
    write(Option.comment, ByteBuffer(string: comment), into: &body)
    write(Option.dropped, count, into: &body)
    write(Option.end, ByteBuffer(), into: &body)
    var block = ByteBuffer()
    write(BlockType.interfaceStatistics, body, into: &block)
    return block
  }

  private static func write(time: UInt64, into body: inout ByteBuffer) {
    body.writeInteger(UInt32(truncatingIfNeeded: time >> 32), endianness: .little)
    body.writeInteger(UInt32(truncatingIfNeeded: time), endianness: .little)
  }

  /// An option; text beyond what its length can say is cut.
  private static func write(_ code: UInt16, _ value: ByteBuffer, into body: inout ByteBuffer) {
    let value = value.getSlice(at: 0, length: min(value.readableBytes, Int(UInt16.max))) ?? value
    body.writeInteger(code, endianness: .little)
    body.writeInteger(UInt16(truncatingIfNeeded: value.readableBytes), endianness: .little)
    body.writeImmutableBuffer(value)
    pad(&body, to: value.readableBytes)
  }

  private static func write(_ type: UInt32, _ body: ByteBuffer, into file: inout ByteBuffer) {
    let length = UInt32(truncatingIfNeeded: body.readableBytes + 12)
    file.writeInteger(type, endianness: .little)
    file.writeInteger(length, endianness: .little)
    file.writeImmutableBuffer(body)
    file.writeInteger(length, endianness: .little)
  }

  /// Everything is a multiple of four bytes long.
  private static func pad(_ body: inout ByteBuffer, to count: Int) {
    body.writeRepeatingByte(0, count: (4 - count % 4) % 4)
  }
}
