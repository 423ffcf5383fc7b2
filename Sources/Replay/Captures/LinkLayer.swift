import NIOCore

/// What the packets of a capture begin with, by the numbers of the LINKTYPE registry (draft-ietf-opsawg-pcaplinktype).
struct LinkType: RawRepresentable, Hashable, Sendable {
  let rawValue: UInt16

  /// BSD loopback: an address family in the byte order of the machine that captured.
  static let null = Self(rawValue: 0)
  static let ethernet = Self(rawValue: 1)
  /// Raw IP under the numbers that some systems give it.
  static let rawBSD = Self(rawValue: 12)
  static let rawOpenBSD = Self(rawValue: 14)
  /// Raw IP, version 4 or 6.
  static let raw = Self(rawValue: 101)
  /// OpenBSD loopback: an address family, big endian.
  static let loop = Self(rawValue: 108)
  /// Linux "any" device, first version.
  static let linuxCooked = Self(rawValue: 113)
  static let ipv4 = Self(rawValue: 228)
  static let ipv6 = Self(rawValue: 229)
  /// Linux "any" device, second version.
  static let linuxCooked2 = Self(rawValue: 276)
}

extension LinkType {
  /// What a packet holds below its link's header.
  enum Content: Equatable {
    /// From the IP header on.
    case ip(ByteBuffer)
    /// Something else than IP, such as ARP: nothing of a TCP connection.
    case other
    /// The packet ends within the link's header.
    case truncated
  }

  /// Takes the link's header off a packet; nil for a link that is not read.
  func content(of packet: ByteBuffer) -> Content? {
    switch self {
    case .raw, .rawBSD, .rawOpenBSD, .ipv4, .ipv6: .ip(packet)
    case .null, .loop: Self.rest(of: packet, after: 4)
    case .ethernet: Self.typed(packet, typeAt: 12, bodyAt: 14)
    case .linuxCooked: Self.typed(packet, typeAt: 14, bodyAt: 16)
    case .linuxCooked2: Self.typed(packet, typeAt: 0, bodyAt: 20)
    default: nil
    }
  }

  /// The IP version in the packet itself tells what family fields would, in whichever byte order these are.
  private static func rest(of packet: ByteBuffer, after length: Int) -> Content {
    var packet = packet
    guard packet.readSlice(length: length) != nil else { return .truncated }
    return .ip(packet)
  }

  /// An EtherType, perhaps of a VLAN tag, which another type follows (IEEE 802.1Q; 802.1ad stacks them).
  private static func typed(_ packet: ByteBuffer, typeAt: Int, bodyAt: Int) -> Content {
    guard var type: UInt16 = packet.getInteger(at: packet.readerIndex + typeAt) else { return .truncated }
    var body = packet
    guard body.readSlice(length: bodyAt) != nil else { return .truncated }
    var tags = 0
    while vlanTypes.contains(type) {
      tags += 1
      guard tags <= mostVLANTags else { return .other }
      guard body.readInteger(as: UInt16.self) != nil, let next: UInt16 = body.readInteger() else { return .truncated }
      type = next
    }
    return ipTypes.contains(type) ? .ip(body) : .other
  }

  private static let ipTypes: [UInt16] = [0x0800, 0x86DD]
  private static let vlanTypes: [UInt16] = [0x8100, 0x88A8, 0x9100]
  private static let mostVLANTags = 4
}
