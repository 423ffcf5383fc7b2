import CDatagrams
import Glibc
import NIOCore
import Testing
import WebRTC

@testable import Edge
import Seeded

@Suite(.timeLimit(.minutes(4))) struct DatagramSenderTests {
  /// A plain UDP socket of the system.
  final class Socket {
    let descriptor: CInt
    let address: SocketAddress

    init(_ host: String) throws {
      let any = try SocketAddress(ipAddress: host, port: 0)
      let descriptor = socket(
        CInt(any.protocol.rawValue), CInt(SOCK_DGRAM.rawValue) | CInt(SOCK_CLOEXEC.rawValue), 0)
      self.descriptor = descriptor
      try #require(descriptor >= 0)
      var size: CInt = 4 << 20
      setsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &size, socklen_t(MemoryLayout<CInt>.size))
      let bound = any.withSockAddr { pointer, length in bind(descriptor, pointer, socklen_t(length)) }
      try #require(bound == 0)
      var storage = sockaddr_storage()
      var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
      let port = withUnsafeMutablePointer(to: &storage) { pointer in
        pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { _ = getsockname(descriptor, $0, &length) }
        // The port stands at the same place in both families.
        return pointer.withMemoryRebound(to: sockaddr_in.self, capacity: 1) { UInt16(bigEndian: $0.pointee.sin_port) }
      }
      self.address = try SocketAddress(ipAddress: host, port: Int(port))
    }

    deinit { close(descriptor) }

    /// All that has come; loopback delivers before the send returns.
    func received() -> [[UInt8]] {
      var datagrams: [[UInt8]] = []
      var buffer = [UInt8](repeating: 0, count: 65_536)
      while true {
        let count = recv(descriptor, &buffer, buffer.count, CInt(MSG_DONTWAIT))
        guard count >= 0 else { return datagrams }
        datagrams.append(Array(buffer.prefix(count)))
      }
    }
  }

  private func datagram(_ number: Int, _ size: Int) -> [UInt8] {
    (0..<size).map { UInt8(truncatingIfNeeded: $0 &+ number) }
  }

  private func fill(_ arena: DatagramArena, _ list: [(SocketAddress, [UInt8])]) {
    for (address, bytes) in list { #expect(arena.append(ByteBuffer(bytes: bytes), to: address)) }
  }

  @Test(arguments: ["127.0.0.1", "::1"])
  func runsOfOneSizeArriveAsTheDatagramsTheyWere(host: String) throws {
    let (from, to) = (try Socket(host), try Socket(host))
    let arena = DatagramArena(slots: 128)
    var sender = DatagramSender(socket: from.descriptor)
    // A picture: full packets and a shorter last one, twice.
    let sizes = [Int](repeating: 1200, count: 9) + [400] + [Int](repeating: 1200, count: 4) + [37]
    let sent = sizes.enumerated().map { datagram($0, $1) }
    fill(arena, sent.map { (to.address, $0) })
    let result = sender.send(arena)
    #expect(result.sent == 15)
    #expect(result.refused == 0)
    #expect(arena.isEmpty)
    #expect(to.received() == sent)
    if fg_supports_segmentation(from.descriptor) != 0 { #expect(result.calls == 1) }
  }

  @Test func mixedSizesAndDestinationsKeepTheirOrder() throws {
    let from = try Socket("127.0.0.1")
    let sockets = try (0..<3).map { _ in try Socket("127.0.0.1") }
    let arena = DatagramArena(slots: 128)
    var sender = DatagramSender(socket: from.descriptor)
    var random = SeededGenerator(seed: 9)
    for _ in 0..<20 {
      var expected: [[[UInt8]]] = [[], [], []]
      let list = (0..<100).map { number -> (SocketAddress, [UInt8]) in
        let index = Int.random(in: 0..<3, using: &random)
        let bytes = datagram(number, [1, 50, 1200, 1200, 1200, 1472].randomElement(using: &random) ?? 1)
        expected[index].append(bytes)
        return (sockets[index].address, bytes)
      }
      fill(arena, list)
      #expect(sender.send(arena).sent == 100)
      #expect(sockets.map { $0.received() } == expected)
    }
  }

  /// More than the kernel takes in one message, and in one call.
  @Test func longRunsAreDivided() throws {
    let (from, to) = (try Socket("127.0.0.1"), try Socket("127.0.0.1"))
    let arena = DatagramArena(slots: 512)
    var sender = DatagramSender(socket: from.descriptor)
    let sent = (0..<500).map { datagram($0, 1200) }
    fill(arena, sent.map { (to.address, $0) })
    let result = sender.send(arena)
    #expect(result.sent == 500)
    #expect(to.received() == sent)
  }

  @Test func aSocketForBothFamiliesReachesIPv4() throws {
    let (from, to) = (try Socket("::"), try Socket("127.0.0.1"))
    let mapped = try SocketAddress(ipAddress: "::ffff:127.0.0.1", port: to.address.port ?? 0)
    let arena = DatagramArena()
    var sender = DatagramSender(socket: from.descriptor)
    let sent = (0..<5).map { datagram($0, 1000) }
    fill(arena, sent.map { (mapped, $0) })
    #expect(sender.send(arena).sent == 5)
    #expect(to.received() == sent)
  }

  @Test func anAddressThatTheKernelRefusesDoesNotHoldUpTheOthers() throws {
    let (from, to) = (try Socket("127.0.0.1"), try Socket("127.0.0.1"))
    // Port 0 is nobody's: sending there fails at once.
    let refused = try SocketAddress(ipAddress: "127.0.0.1", port: 0)
    let arena = DatagramArena()
    var sender = DatagramSender(socket: from.descriptor)
    fill(
      arena,
      [
        (refused, datagram(0, 100)), (to.address, datagram(1, 100)), (refused, datagram(2, 90)),
        (refused, datagram(3, 90)), (to.address, datagram(4, 80)),
      ])
    let result = sender.send(arena)
    #expect(result.sent == 2)
    #expect(result.refused == 3)
    #expect(to.received() == [datagram(1, 100), datagram(4, 80)])
  }

  @Test func anEmptyArenaCostsNoCall() throws {
    let from = try Socket("127.0.0.1")
    var sender = DatagramSender(socket: from.descriptor)
    #expect(sender.send(DatagramArena()).calls == 0)
  }
}
