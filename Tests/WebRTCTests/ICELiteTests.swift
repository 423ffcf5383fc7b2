import NIOCore
import Testing

@testable import WebRTC

@Suite struct ICELiteTests {
  private static let local = ICECredentials(ufrag: "gate", password: "0123456789012345678901")
  private let now = NIODeadline.uptimeNanoseconds(1)

  private func check(
    username: String? = "gate:peer", password: String? = Self.local.password, _ more: [STUNAttribute] = []
  ) -> ByteBuffer {
    let attributes = (username.map { [STUNAttribute.username($0)] } ?? []) + [.priority(1)] + more
    return STUNMessage(.request, transactionID: .init(high: 3, low: 4), attributes: attributes)
      .encoded(integrityKey: password)
  }

  private func refusal(_ outcome: ICELite.Outcome) -> ICELite.Refusal? {
    if case .refused(_, let refusal) = outcome { refusal } else { nil }
  }

  private func address(_ port: Int) throws -> SocketAddress { try SocketAddress(ipAddress: "192.0.2.5", port: port) }

  @Test func aGoodCheckMakesItsAddressValid() throws {
    var ice = ICELite(local: Self.local, remoteUfrag: "peer")
    let source = try self.address(5)
    guard case .valid(let answer, true) = ice.receive(self.check(), from: source, at: self.now) else {
      Issue.record("refused")
      return
    }
    #expect(STUNIntegrity.verify(answer, key: Self.local.password.utf8) == .valid)
    #expect(ice.isValid(source))
    #expect(ice.selected == source)
    #expect(!ice.isNominated)
  }

  @Test func whatIsNotACheckOfOursIsRefused() throws {
    var ice = ICELite(local: Self.local, remoteUfrag: "peer")
    let source = try self.address(5)
    let cases: [(ByteBuffer, ICELite.Refusal)] = [
      (self.check(username: nil), .incomplete), (self.check(password: nil), .incomplete),
      (self.check(password: "9123456789012345678901"), .unauthenticated),
      (self.check(username: "gate:other"), .unauthenticated), (self.check(username: "gone:peer"), .unauthenticated),
      (self.check([.other(type: 0x7777, ByteBuffer())]), .notUnderstood),
      (self.check([.iceControlled(tieBreaker: 1)]), .roleConflict),
    ]
    for (datagram, refusal) in cases {
      #expect(self.refusal(ice.receive(datagram, from: source, at: self.now)) == refusal)
    }
    #expect(!ice.isValid(source))
    #expect(ice.lastCheck == nil)
  }

  @Test func anUnknownAttributeThatMayBeIgnoredIsIgnored() throws {
    var ice = ICELite(local: Self.local, remoteUfrag: "peer")
    let datagram = self.check([.other(type: 0xC057, ByteBuffer(bytes: [0, 0, 0, 1]))])
    guard case .valid = ice.receive(datagram, from: try self.address(5), at: self.now) else {
      Issue.record("refused")
      return
    }
  }

  @Test func indicationsAndDamageAreIgnored() throws {
    var ice = ICELite(local: Self.local, remoteUfrag: "peer")
    let source = try self.address(5)
    let indication = STUNMessage(.indication, transactionID: .init(high: 1, low: 1)).encoded(integrityKey: nil)
    #expect(ice.receive(indication, from: source, at: self.now) == .ignored(.notARequest))
    var damaged = self.check()
    damaged.setInteger(UInt8(0), at: damaged.readableBytes - 1)
    damaged.setInteger(UInt8(1), at: damaged.readableBytes - 2)
    #expect(ice.receive(damaged, from: source, at: self.now) == .ignored(.wrongFingerprint))
    #expect(ice.receive(ByteBuffer(bytes: [0, 1, 2]), from: source, at: self.now) == .ignored(.malformed))
  }

  @Test func theLastNominationWins() throws {
    var ice = ICELite(local: Self.local, remoteUfrag: "peer")
    for port in [5, 6] { _ = ice.receive(self.check(), from: try self.address(port), at: self.now) }
    #expect(ice.selected == (try self.address(5)))
    for port in [6, 7] {
      _ = ice.receive(self.check([.useCandidate]), from: try self.address(port), at: self.now)
      #expect(ice.selected == (try self.address(port)))
    }
    #expect(ice.isNominated)
  }

  @Test func onlySixteenAddressesAreKeptAndTheSelectedOneIsAmongThem() throws {
    var ice = ICELite(local: Self.local, remoteUfrag: "peer")
    _ = ice.receive(self.check([.useCandidate]), from: try self.address(1), at: self.now)
    for port in 2...40 {
      _ = ice.receive(self.check(), from: try self.address(port), at: self.now + .milliseconds(Int64(port)))
    }
    let valid = try (1...40).filter { ice.isValid(try self.address($0)) }
    #expect(valid == [1] + (26...40))
  }

  @Test func afterARestartOldAndNewCredentialsAreTaken() throws {
    var ice = ICELite(local: Self.local, remoteUfrag: "peer")
    let new = ICECredentials(ufrag: "door", password: "a123456789012345678901")
    ice.restart(local: new, remoteUfrag: "next")
    for datagram in [self.check(), self.check(username: "door:next", password: new.password)] {
      guard case .valid = ice.receive(datagram, from: try self.address(5), at: self.now) else {
        Issue.record("refused")
        return
      }
    }
    #expect(
      self.refusal(ice.receive(self.check(username: "door:peer"), from: try self.address(5), at: self.now))
        == .unauthenticated)
  }
}
