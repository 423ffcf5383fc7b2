import AccessPolicy
import NIOCore
import Testing

@testable import Edge
@testable import TestPeer

@Suite(.timeLimit(.minutes(4))) struct MediaAccessTests {
  private static func blacklist(_ entries: String) throws -> AccessRules {
    AccessRules(policy: AccessPolicy(all: AccessLists(blacklist: try AddressList.parse(entries, file: "black"))))
  }

  @Test func aPeerWhoseAddressIsDeniedLaterIsClosed() async throws {
    try await PlaneStage.with { stage in
      try await SocketPeer.run(fingerprint: stage.certificate.fingerprint, port: stage.plane.port) { socket in
        let (_, events) = try stage.open(socket.peer)
        try await socket.connect(ufrag: stage.plan.local.ufrag, password: stage.plan.local.password)
        var told = events.makeAsyncIterator()
        #expect(await told.next() == "connected")
        stage.rules.replace(with: try Self.blacklist("192.0.2.0/24"))
        stage.plane.judgeAgain()
        await stage.loopsAreIdle()
        stage.rules.replace(with: try Self.blacklist("127.0.0.0/8\n::1"))
        stage.plane.judgeAgain()
        try await socket.until(\.isClosed)
        #expect(await told.next() == "address_denied")
      }
    }
  }

  @Test func checksFromADeniedAddressAreNotAnswered() async throws {
    try await PlaneStage.with { stage in
      stage.rules.replace(with: try Self.blacklist("127.0.0.0/8\n::1"))
      try await SocketPeer.run(fingerprint: stage.certificate.fingerprint, port: stage.plane.port) { socket in
        let (handle, events) = try stage.open(socket.peer)
        let (ufrag, password) = (stage.plan.local.ufrag, stage.plan.local.password)
        for _ in 0..<5 { try await socket.send(socket.peer.check(ufrag: ufrag, password: password)) }
        await stage.loopsAreIdle()
        handle.close()
        var told = events.makeAsyncIterator()
        #expect(await told.next() == "closed_before_first_check")
      }
    }
  }
}
