import NIOCore

/// TCP segments in IP packets, version 4 or 6, with their checksums (RFC 791, RFC 8200, RFC 1071).
enum IPPacket {
  /// An address in network byte order: 4 or 16 bytes.
  struct Address: Sendable, Hashable {
    let bytes: [UInt8]

    /// An address as text; an IPv6 one may name its zone, which packets do not have.
    init?(_ text: String) {
      let plain = String(text.prefix { $0 != "%" })
      switch try? SocketAddress(ipAddress: plain, port: 0) {
      case .v4(let address): bytes = withUnsafeBytes(of: address.address.sin_addr) { Array($0) }
      case .v6(let address): bytes = withUnsafeBytes(of: address.address.sin6_addr) { Array($0) }
      default: return nil
      }
    }

    init(bytes: [UInt8]) { self.bytes = bytes }

    var isIPv4: Bool { bytes.count == 4 }

    /// An IPv4 address within IPv6 (RFC 4291, 2.5.5.2).
    var mapped: Address {
      isIPv4 ? Address(bytes: [UInt8](repeating: 0, count: 10) + [0xFF, 0xFF] + bytes) : self
    }
  }

  private static let tcp: UInt8 = 6
  private static let hops: UInt8 = 64
  /// Where the checksum stands in a TCP header, and in one of IPv4.
  private static let segmentChecksum = 16
  private static let headerChecksum = 10

  /// A packet that brings a segment of at most 65 495 bytes, whose checksum is filled in.
  static func tcp(_ segment: ByteBuffer, from: Address, to: Address, identification: UInt16) -> ByteBuffer {
    var segment = segment
    let length = segment.readableBytes
    var sum = Checksum()
    from.bytes.withUnsafeBytes { sum.add($0) }
    to.bytes.withUnsafeBytes { sum.add($0) }
    sum.add(UInt16(tcp))
    sum.add(UInt16(truncatingIfNeeded: length))
    segment.withUnsafeReadableBytes { sum.add($0) }
    segment.setInteger(sum.value, at: segment.readerIndex + segmentChecksum)

    var packet = ByteBuffer()
    packet.reserveCapacity(40 + length)
    if from.isIPv4 {
      packet.writeMultipleIntegers(
        0x45 as UInt8, 0 as UInt8, UInt16(truncatingIfNeeded: 20 + length), identification, 0x4000 as UInt16, hops,
        tcp, 0 as UInt16)
    } else {
      packet.writeMultipleIntegers(0x6000_0000 as UInt32, UInt16(truncatingIfNeeded: length), tcp, hops)
    }
    packet.writeBytes(from.bytes)
    packet.writeBytes(to.bytes)
    if from.isIPv4 {
      var header = Checksum()
      packet.withUnsafeReadableBytes { header.add($0) }
      packet.setInteger(header.value, at: packet.readerIndex + headerChecksum)
    }
    packet.writeImmutableBuffer(segment)
    return packet
  }

  /// The Internet's checksum (RFC 1071). Sixteen bits at a time into 64: 2^48 bytes fit before it could overflow.
  private struct Checksum {
    private var sum: UInt64 = 0

    /// Big endian, in one's complement.
    var value: UInt16 {
      var folded = sum
      while folded >> 16 != 0 { folded = folded & 0xFFFF + folded >> 16 }
      return ~UInt16(truncatingIfNeeded: folded)
    }

    mutating func add(_ word: UInt16) { sum &+= UInt64(word) }

    /// Of an even number of bytes, or of the last ones.
    mutating func add(_ bytes: UnsafeRawBufferPointer) {
      var at = 0
      while at + 4 <= bytes.count {
        let word = UInt32(bigEndian: bytes.loadUnaligned(fromByteOffset: at, as: UInt32.self))
        sum &+= UInt64(word >> 16) &+ UInt64(word & 0xFFFF)
        at += 4
      }
      while at + 2 <= bytes.count {
        sum &+= UInt64(UInt16(bigEndian: bytes.loadUnaligned(fromByteOffset: at, as: UInt16.self)))
        at += 2
      }
      if at < bytes.count { sum &+= UInt64(bytes[at]) << 8 }
    }
  }
}
