import AccessPolicy
import NIOCore

/// Version 1: `PROXY TCP4 192.0.2.1 198.51.100.1 40000 443` and CR LF (proxy-protocol.txt, section 2.1).
extension ProxyHeader {
  /// With its CR LF.
  static let longestLine = 107

  static func readLine(from bytes: inout ByteBuffer) throws(ProxyHeaderError) -> ProxyHeader? {
    let view = bytes.readableBytesView.prefix(longestLine)
    guard let lineFeed = view.firstIndex(of: 0x0A) else {
      guard view.count < longestLine else { throw .endlessLine(length: longestLine) }
      return nil
    }
    let line = view[..<lineFeed]
    guard line.last == 0x0D else { throw .endlessLine(length: line.count) }
    let header = try parse(String(decoding: line.dropLast(), as: UTF8.self))
    bytes.moveReaderIndex(to: lineFeed + 1)
    return header
  }

  private static func parse(_ line: String) throws(ProxyHeaderError) -> ProxyHeader {
    let parts = line.split(separator: " ", omittingEmptySubsequences: false)
    guard parts.count >= 2, parts[0] == "PROXY" else { throw .parts(found: parts.count) }
    let isIPv6: Bool
    switch parts[1] {
    // What follows it must be ignored.
    case "UNKNOWN": return ProxyHeader(version: .v1, origin: .proxy(isLocal: false))
    case "TCP4": isIPv6 = false
    case "TCP6": isIPv6 = true
    default: throw .unknownProtocol
    }
    guard parts.count == 6 else { throw .parts(found: parts.count) }
    let source = try address(parts[2], port: try port(parts[4]), isIPv6: isIPv6)
    _ = try address(parts[3], port: try port(parts[5]), isIPv6: isIPv6)
    return ProxyHeader(version: .v1, origin: .client(source))
  }

  private static func address(
    _ text: Substring, port: Int, isIPv6: Bool
  ) throws(ProxyHeaderError) -> SocketAddress {
    guard text.contains(":") == isIPv6, let address = IPAddress(text).flatMap({ SocketAddress($0, port: port) })
    else { throw .address }
    return address
  }

  private static func port(_ text: Substring) throws(ProxyHeaderError) -> Int {
    guard (1...5).contains(text.utf8.count), text.utf8.allSatisfy({ (0x30...0x39).contains($0) }),
      text == "0" || text.first != "0", let port = UInt16(text)
    else { throw .port }
    return Int(port)
  }
}
