import Foundation
import Testing

@testable import Identity

@Suite(.timeLimit(.minutes(2))) struct KeyStoreTests {
  private let now: Int64 = 1_800_000_000

  @Test func aKeyOpensItsRoomForItsNameAndRoleFromItsAddressUntilItExpires() async throws {
    try await StoreFolder.with { folder in
      let store = try await folder.open()
      let grant = AccessKeyGrant(
        room: "board", name: "alice", role: .listener, expiresAt: now + 10, addresses: ["192.0.2.0/24", "2001:db8::1"])
      let key = try await store.issue(grant, by: "test", at: now).key.reveal()
      func ask(_ question: KeyQuestion, _ key: String, at time: Int64) async throws -> KeyVerdict.Refusal? {
        if case .refused(let why, _) = try await store.verdict(on: key, for: question, at: time) { return why }
        return nil
      }
      let good = KeyQuestion(room: "board", role: .listener, address: "192.0.2.7")
      #expect(try await ask(good, key, at: now) == nil)
      #expect(try await ask(good, key, at: now + 9) == nil)
      #expect(try await ask(good, key, at: now + 10) == .expired)
      var question = good
      question.room = "demo"
      #expect(try await ask(question, key, at: now) == .otherRoom)
      question = good
      question.role = .speaker
      #expect(try await ask(question, key, at: now) == .otherRole)
      question.name = "bob"
      #expect(try await ask(question, key, at: now) == .otherName)
      question = good
      question.address = "198.51.100.1"
      #expect(try await ask(question, key, at: now) == .otherAddress)
      question.address = "2001:db8::1"
      #expect(try await ask(question, key, at: now) == nil)
      let other = key.replacing(/.$/) { $0.output == "a" ? "b" : "a" }
      for wrong in [other, "", "nonsense", String(key.dropLast()), "'; DROP TABLE accessKey; --"] {
        #expect(try await ask(good, wrong, at: now) == .unknown)
      }
    }
  }

  @Test func theStoreAndItsFilesHoldNothingThatIsAKeyAndAreTheOwnersAlone() async throws {
    try await StoreFolder.with { folder in
      let store = try await folder.open()
      let issued = try await store.issue(AccessKeyGrant(room: "board", name: "alice"), by: "test", at: now)
      let bytes = try folder.bytes()
      #expect(bytes.range(of: Data(issued.key.id.utf8)) != nil)
      #expect(bytes.range(of: Data(issued.key.secret.utf8)) == nil)
      for name in ["flashgate.db", "flashgate.db.secret", "flashgate.db-wal"] {
        #expect(try folder.permissions(of: name) == 0o600, "\(name)")
      }
    }
  }

  @Test func aRevokedKeyOpensNothingAndItsOwnerMayHaveANewOne() async throws {
    try await StoreFolder.with { folder in
      let store = try await folder.open()
      let grant = AccessKeyGrant(room: "board", name: "alice")
      let question = KeyQuestion(room: "board", name: "alice", role: .speaker, address: "192.0.2.1")
      let first = try await store.issue(grant, by: "test", at: now)
      await #expect(throws: IdentityError.hasKey(room: "board", name: "alice")) {
        try await store.issue(grant, by: "test", at: now)
      }
      let revoked = try await store.revoke(room: "board", name: "alice", by: "test", at: now)
      #expect(revoked.record.id == first.key.id)
      #expect(revoked.change > first.change)
      #expect(
        try await store.verdict(on: first.key.reveal(), for: question, at: now)
          == .refused(.revoked, keyID: first.key.id))
      await #expect(throws: IdentityError.noKey(room: "board", name: "alice")) {
        try await store.revoke(room: "board", name: "alice", by: "test", at: now)
      }
      let second = try await store.issue(grant, by: "test", at: now)
      let third = try await store.rotate(room: "board", name: "alice", by: "test", at: now)
      #expect(third.record.grant == second.record.grant)
      #expect(
        try await store.spent(among: [first.key.id, second.key.id, third.key.id, "kgone"], at: now)
          == [first.key.id, second.key.id, "kgone"])
      #expect(try await store.keys(room: "board").map(\.id) == [third.key.id])
      #expect(try await store.events(after: 0).map(\.action) == [.issued, .revoked, .issued, .revoked, .issued])
      #expect(try await store.events(after: third.change).isEmpty)
      #expect(try await store.latestChange() == third.change)
    }
  }

  @Test func aKeyForOnceOpensOnceAlsoWhenItIsShownTwiceAtOnce() async throws {
    try await StoreFolder.with { folder in
      let store = try await folder.open()
      let key = try await store.issue(
        AccessKeyGrant(room: "board", name: "alice", isForOnce: true), by: "test", at: now
      ).key
      var question = KeyQuestion(room: "board", name: "alice", role: .speaker, address: "192.0.2.1", isEntry: false)
      guard case .opens = try await store.verdict(on: key.reveal(), for: question, at: now) else {
        return #expect(Bool(false), "a look at a key does not use it up")
      }
      question.isEntry = true
      let (asked, now) = (question, now)
      let opened = try await withThrowingTaskGroup(of: Bool.self) { group in
        for _ in 0..<8 {
          group.addTask {
            if case .opens = try await store.verdict(on: key.reveal(), for: asked, at: now) { return true }
            return false
          }
        }
        return try await group.reduce(0) { $0 + ($1 ? 1 : 0) }
      }
      #expect(opened == 1)
      #expect(try await store.spent(among: [key.id], at: now).isEmpty, "who is in may stay")
    }
  }

  @Test func aKeyForOnceThatWasGivenBackOpensOnceMore() async throws {
    try await StoreFolder.with { folder in
      let store = try await folder.open()
      let issued = try await store.issue(
        AccessKeyGrant(room: "board", name: "alice", isForOnce: true), by: "test", at: now)
      let question = KeyQuestion(room: "board", name: "alice", role: .speaker, address: "192.0.2.1", isEntry: true)
      for _ in 0..<2 {
        guard case .opens = try await store.verdict(on: issued.key.reveal(), for: question, at: now) else {
          return #expect(Bool(false), "the key opens once")
        }
        guard case .refused(.used, _) = try await store.verdict(on: issued.key.reveal(), for: question, at: now) else {
          return #expect(Bool(false), "the key opens no more than once")
        }
        try await store.giveBack(issued.key.id)
      }
    }
  }

  @Test func aStoreIsNotOpenedWithoutItsOwnSecret() async throws {
    try await StoreFolder.with { folder in
      let secret = folder.database + ".secret"
      try await folder.open().close()
      try await folder.open().close()
      chmod(secret, 0o644)
      await #expect(throws: IdentityError.self) { try await folder.open() }
      chmod(secret, 0o600)
      let good = try Data(contentsOf: URL(filePath: secret))
      try Data(count: 32).write(to: URL(filePath: secret))
      chmod(secret, 0o600)
      await #expect(throws: IdentityError.self) { try await folder.open() }
      try FileManager.default.removeItem(atPath: secret)
      await #expect(throws: IdentityError.self) { try await folder.open() }
      #expect(!FileManager.default.fileExists(atPath: secret), "a new one would make all keys void")
      try good.write(to: URL(filePath: secret))
      chmod(secret, 0o600)
      try await folder.open().close()
    }
  }

  @Test func manyOpenANewStoreAtOnceAndAgreeOnItsSecret() async throws {
    try await StoreFolder.with { folder in
      let keys = try await withThrowingTaskGroup(of: String.self) { group in
        for number in 0..<6 {
          group.addTask {
            try await folder.open().issue(
              AccessKeyGrant(room: "board", name: "p\(number)"), by: "test", at: now
            ).key.reveal()
          }
        }
        return try await group.reduce(into: []) { $0.append($1) }
      }
      let store = try await folder.open()
      for key in keys {
        let verdict = try await store.verdict(on: key, for: KeyQuestion(room: "board", address: "::1"), at: now)
        guard case .opens = verdict else { return #expect(Bool(false), "\(verdict)") }
      }
    }
  }

  @Test func whoChangesAKeyWaitsForTheGatewaysThatRun() async throws {
    try await StoreFolder.with { folder in
      let store = try await folder.open()
      let change = try await store.issue(AccessKeyGrant(room: "board", name: "alice"), by: "test", at: now).change
      #expect(try await store.gatewaysActed(on: change, within: .zero) == .nobody)
      var presence: GatewayPresence? = try await store.enter(acted: 0)
      #expect(try await store.gatewaysActed(on: change, within: .zero) == .late)
      let alive = try #require(presence)
      async let reaction = store.gatewaysActed(on: change, within: .seconds(60))
      try await store.acted(alive, on: change)
      #expect(try await reaction == .acted)
      #expect(try await store.gatewaysActed(on: change + 1, within: .zero) == .late)
      presence = nil
      _ = alive
    }
  }

  @Test func aGatewayThatIsGoneIsNotWaitedFor() async throws {
    try await StoreFolder.with { folder in
      let store = try await folder.open()
      let change = try await store.issue(AccessKeyGrant(room: "board", name: "alice"), by: "test", at: now).change
      do { _ = try await store.enter(acted: 0) }
      #expect(try await store.gatewaysActed(on: change, within: .zero) == .nobody)
    }
  }
}
