import NIOCore
import Testing

@testable import Edge

@Suite struct AdmissionTests {
  private let listener = ListenerID(rawValue: "test")

  private func address(_ text: String, port: Int = 1) throws -> SocketAddress {
    try SocketAddress(ipAddress: text, port: port)
  }

  @Test func limitPerAddressHoldsAtItsEdge() throws {
    let limits = SessionLimits(sessions: 100, sessionsPerAddress: 2)
    let (one, other) = (try address("192.0.2.1", port: 1), try address("192.0.2.2"))
    #expect(limits.admit(.client(one), listener: listener) == .admitted)
    #expect(limits.admit(.client(try address("192.0.2.1", port: 2)), listener: listener) == .admitted)
    #expect(limits.admit(.client(one), listener: listener) == .refused(.tooManySessionsFromAddress))
    #expect(limits.admit(.client(other), listener: listener) == .admitted)
    limits.release(.client(one), listener: listener)
    #expect(limits.admit(.client(one), listener: listener) == .admitted)
  }

  @Test func totalLimitHoldsAtItsEdge() throws {
    let limits = SessionLimits(sessions: 2, sessionsPerAddress: 2)
    #expect(limits.admit(.client(try address("192.0.2.1")), listener: listener) == .admitted)
    #expect(limits.admit(.client(try address("192.0.2.2")), listener: listener) == .admitted)
    #expect(limits.admit(.client(try address("192.0.2.3")), listener: listener) == .refused(.tooManySessions))
    #expect(limits.sessions == 2)
  }

  @Test func releaseOfAnAddressThatHoldsNothingChangesNothing() throws {
    let limits = SessionLimits()
    limits.release(.client(try address("192.0.2.1")), listener: listener)
    #expect(limits.sessions == 0)
  }

  @Test func addressesOfOneClientCountTogether() throws {
    #expect(AddressKey(try address("2001:db8:1:2::1")) == AddressKey(try address("2001:db8:1:2:ffff::9", port: 9)))
    #expect(AddressKey(try address("2001:db8:1:2::1")) != AddressKey(try address("2001:db8:1:3::1")))
    #expect(AddressKey(try address("::ffff:192.0.2.1")) == AddressKey(try address("192.0.2.1")))
    #expect(AddressKey(try address("::")) != AddressKey(try address("0.0.0.0")))
  }
}
