import AccessPolicy
import Edge
import NIOCore
import Rooms
import Testing

@testable import Gateway

@Suite struct ListGateTests {
  private static func rules(
    _ sources: AccessSources, encrypted: Bool = false, domains: [String] = []
  ) throws -> RulesInForce {
    RulesInForce(
      AccessRules(
        policy: try sources.compile(),
        crossDomain: domains.isEmpty
          ? nil : CrossDomainPolicy(domains: domains.compactMap(DomainPattern.init(parsing:)), ports: .all),
        requiresEncryptedLegacy: encrypted, requiresKnownPage: !domains.isEmpty))
  }

  private static func items(_ texts: String...) throws -> [AccessSources.Item] {
    try texts.map { .entry(try ListEntry(parsing: $0), file: "test", line: 1) }
  }

  private static func request(
    _ address: String, door: String = "rtmp", room: String? = "demo", page: String? = nil, swf: String? = nil
  ) -> EntryRequest {
    EntryRequest(
      session: 1, door: door, listener: "0.0.0.0:1935", address: address, room: room, pageURL: page, swfURL: swf)
  }

  private static func denial(_ gate: ListGate, _ request: EntryRequest) async -> Denial.Kind? {
    if case .denied(let denial) = await gate.admit(request) { denial.kind } else { nil }
  }

  @Test func everyLevelIsAskedForEveryDoor() async throws {
    var sources = AccessSources()
    sources.all.blacklist = try Self.items("10.1.0.0/16")
    sources.listeners["0.0.0.0:1935"] = .init(blacklist: try Self.items("10.2.0.0/16"))
    sources.rooms["board"] = .init(whitelist: try Self.items("10.3.0.0/16", "2001:db8::/32"))
    let gate = ListGate(rules: try Self.rules(sources))
    for door in ["rtmp", "rtmps", "rtmpt", "rtmpts", "webrtc", "whep"] {
      #expect(await Self.denial(gate, Self.request("10.1.0.1", door: door)) == .addressDenied)
      #expect(await Self.denial(gate, Self.request("10.2.0.1", door: door)) == .addressDenied)
      #expect(await Self.denial(gate, Self.request("10.4.0.1", door: door, room: "board")) == .addressDenied)
      #expect(await Self.denial(gate, Self.request("10.3.0.1", door: door, room: "board")) == nil)
      #expect(await Self.denial(gate, Self.request("2001:db8::7", door: door, room: "board")) == nil)
      #expect(await Self.denial(gate, Self.request("::ffff:10.3.0.1", door: door, room: "board")) == nil)
      #expect(await Self.denial(gate, Self.request("10.4.0.1", door: door)) == nil)
      #expect(await Self.denial(gate, Self.request("", door: door)) == .addressDenied)
    }
  }

  @Test func changedRulesExpelThoseWhoMayNotStay() async throws {
    let rules = try Self.rules(AccessSources())
    let gate = ListGate(rules: rules)
    let entries = (0..<4).map { Entry(Self.request("10.0.0.\($0)"), by: Admittance()) }
    #expect(await gate.expelled(among: entries).isEmpty)
    var sources = AccessSources()
    sources.all.blacklist = try Self.items("10.0.0.2-10.0.0.3")
    rules.replace(with: AccessRules(policy: try sources.compile()))
    #expect(await gate.expelled(among: entries).map(\.denial.kind) == [.addressDenied, .addressDenied])
  }

  @Test func oldClientsMayHaveToComeByTLS() async throws {
    let gate = ListGate(rules: try Self.rules(AccessSources(), encrypted: true))
    for (door, kind) in [
      ("rtmp", .encryptionRequired), ("rtmpe", .encryptionRequired), ("rtmpt", .encryptionRequired), ("rtmps", nil),
      ("rtmpts", nil), ("webrtc", nil), ("whep", nil),
    ] as [(String, Denial.Kind?)] {
      #expect(await Self.denial(gate, Self.request("10.0.0.1", door: door)) == kind)
    }
  }

  @Test func pagesMayHaveToBeKnown() async throws {
    let gate = ListGate(rules: try Self.rules(AccessSources(), domains: ["*.example.com"]))
    func denial(_ page: String?, _ swf: String? = nil) async -> Denial.Kind? {
      await Self.denial(gate, Self.request("10.0.0.1", page: page, swf: swf))
    }
    #expect(await denial("http://www.example.com/a.html") == nil)
    #expect(await denial("http://www.example.com/", "http://cdn.example.com/a.swf") == nil)
    #expect(await denial("http://www.example.com/", "http://elsewhere.org/a.swf") == .pageDenied)
    #expect(await denial("http://elsewhere.org/") == .pageDenied)
    #expect(await denial(nil) == .pageDenied)
    #expect(await Self.denial(gate, Self.request("10.0.0.1", door: "webrtc")) == nil)
  }

  @Test func connectionsAreTurnedAwayBeforeTheyAreCounted() throws {
    var sources = AccessSources()
    sources.all.blacklist = try Self.items("10.1.0.0/16")
    sources.listeners["a"] = .init(whitelist: try Self.items("10.2.0.0/16"))
    let limits = SessionLimits(sessions: 10, sessionsPerAddress: 10)
    let admission = ListAdmission(rules: try Self.rules(sources), limits: limits)
    let (a, b) = (ListenerID(rawValue: "a"), ListenerID(rawValue: "b"))
    let black = try SocketAddress(ipAddress: "10.1.0.1", port: 1)
    let other = try SocketAddress(ipAddress: "::ffff:10.3.0.1", port: 1)
    #expect(admission.admit(.client(black), listener: b) == .refused(.blacklisted))
    #expect(admission.admit(.client(other), listener: a) == .refused(.notWhitelisted))
    #expect(limits.sessions == 0)
    // A proxy comes for others: they are judged when it has told who they are.
    #expect(admission.admit(.proxy(black), listener: b) == .admitted)
    #expect(admission.judge(requestOf: black, listener: b) == .refused(.blacklisted))
    #expect(admission.admit(.client(other), listener: b) == .admitted)
    #expect(limits.sessions == 2)
    admission.release(.client(other), listener: b)
    #expect(limits.sessions == 1)
  }
}
