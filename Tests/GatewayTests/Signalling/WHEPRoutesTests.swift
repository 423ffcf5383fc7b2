import AccessPolicy
import Edge
import HTTPTypes
import NIOCore
import Testing
import WebRTC

@testable import Gateway
@testable import TestPeer

@Suite(.timeLimit(.minutes(2))) struct WHEPRoutesTests {
  /// Asks the routes of a gateway in whose room `demo` alice speaks, and whose web socket pages of example.com may open.
  private struct Desk {
    let router: HTTPRouter
    let offer: String

    static func with(
      limits: LimitsConfiguration? = nil, _ body: (Desk) async throws -> Void
    ) async throws {
      var configuration = GatewayStage.configuration()
      if let limits { configuration.limits = limits }
      configuration.access.rules = AccessRules(
        crossDomain: CrossDomainPolicy(
          domains: ["*.example.com"].compactMap(DomainPattern.init(parsing:)), ports: .all))
      try await GatewayStage.with(configuration: configuration) { stage in
        let parts = stage.gateway.parts
        _ = try await parts.rooms.publish(room: "demo", name: "alice", kind: .flash, replaced: {})
        let peer = try TestPeer(gateway: parts.webRTC.certificate.fingerprint, at: .now())
        try await body(Desk(router: try stage.routes(), offer: peer.offer().text))
      }
    }

    func ask(
      _ method: HTTPRequest.Method, _ path: String = "/whep/demo/alice", _ fields: HTTPFields = [:], body: String = "",
      from address: String? = nil
    ) async throws -> HTTPServerResponse {
      await router.respond(
        to: HTTPServerRequest(
          method: method, target: try RequestTarget(path), fields: fields, body: ByteBuffer(string: body),
          remoteAddress: try address.map { try SocketAddress(ipAddress: $0, port: 9) }))
    }

    func play(_ fields: HTTPFields = [:], from address: String? = nil) async throws -> HTTPServerResponse {
      var fields = fields
      fields[.contentType] = "application/sdp"
      return try await ask(.post, "/whep/demo/alice", fields, body: offer, from: address)
    }
  }

  @Test func playersOfOneAddressAreBounded() async throws {
    let limits = LimitsConfiguration(sessionsPerAddress: 1, sessions: 33)
    #expect(limits.playersPerAddress == 16)
    try await Desk.with(limits: limits) { desk in
      let first = try await desk.play(from: "192.0.2.1")
      for _ in 1..<16 { #expect(try await desk.play(from: "192.0.2.1").status == .created) }
      let refused = try await desk.play(from: "192.0.2.1")
      #expect(refused.status == .tooManyRequests && refused.fields[.retryAfter] == "10")
      // Others are not touched, those of one IPv6 network count together, and a place is free again at a player's end.
      for number in 1...16 { #expect(try await desk.play(from: "2001:db8::\(number)").status == .created) }
      #expect(try await desk.play(from: "192.0.2.2").status == .created)
      #expect(try await desk.play(from: "192.0.2.3").status == .tooManyRequests, "the bound of all")
      #expect(try await desk.ask(.delete, try #require(first.fields[.location])).status == .ok)
      #expect(try await desk.play(from: "2001:db8::17").status == .tooManyRequests)
      #expect(try await desk.play(from: "192.0.2.1").status == .created)
    }
  }

  @Test func aPatchIsTakenForTheSessionThatItMeans() async throws {
    try await Desk.with { (desk) async throws -> Void in
      let made = try await desk.play()
      #expect(made.status == .created)
      let (location, tag) = (try #require(made.fields[.location]), try #require(made.fields[.eTag]))
      #expect(tag.wholeMatch(of: /"[^"]+"/) != nil, "a strong tag: \(tag)")
      func patch(_ ifMatch: String?, _ body: String = "") async throws -> HTTPResponse.Status {
        var fields: HTTPFields = [.contentType: "application/trickle-ice-sdpfrag"]
        if let ifMatch { fields[.ifMatch] = ifMatch }
        return try await desk.ask(.patch, location, fields, body: body).status
      }
      for good in [nil, "*", tag, "\"other\", \(tag)"] { #expect(try await patch(good) == .noContent) }
      for bad in ["\"other\"", "W/\(tag)", ""] { #expect(try await patch(bad) == .preconditionFailed) }
      // Candidates of the session come with its user fragment; another one asks for a restart.
      let fragment = try #require(desk.offer.split(whereSeparator: \.isNewline).first { $0.hasPrefix("a=ice-ufrag:") })
      let candidate = "\r\na=candidate:1 1 udp 1 192.0.2.7 9 typ host\r\n"
      #expect(try await patch("*", fragment + candidate) == .noContent)
      #expect(try await patch("*", "a=ice-ufrag:another\r\na=ice-pwd:x" + candidate) == .unprocessableContent)
      #expect(try await desk.ask(.delete, location).status == .ok)
    }
  }

  @Test func pagesThatMayOpenTheWebSocketMayPlayToo() async throws {
    try await Desk.with { (desk) async throws -> Void in
      let known: HTTPFields = [.origin: "https://www.example.com"]
      let asked = try await desk.ask(.options, "/whep/demo/alice", known)
      #expect(asked.status == .noContent)
      #expect(asked.fields[.accessControlAllowOrigin] == "https://www.example.com")
      #expect(asked.fields[.accessControlAllowMethods] == "POST")
      #expect(asked.fields[.accessControlAllowHeaders] == "Authorization, Content-Type, If-Match")
      #expect(asked.fields[.vary] == "Origin")
      let made = try await desk.play(known)
      #expect(made.status == .created)
      #expect(made.fields[.accessControlAllowOrigin] == "https://www.example.com")
      #expect(made.fields[.accessControlExposeHeaders] == "Location, ETag, Retry-After")
      let location = try #require(made.fields[.location])
      let resource = try await desk.ask(.options, location, known)
      #expect(resource.fields[.accessControlAllowMethods] == "PATCH, DELETE")
      // What went wrong, the page may read too.
      let missing = try await desk.ask(.delete, location + "0", known)
      #expect(missing.status == .notFound)
      #expect(missing.fields[.accessControlAllowOrigin] == "https://www.example.com")
    }
  }

  @Test(arguments: [nil, "https://evil.example", "http://www.example.com", "null"])
  func otherPagesReadNothing(origin: String?) async throws {
    try await Desk.with { (desk) async throws -> Void in
      let fields: HTTPFields = origin.map { [.origin: $0] } ?? [:]
      for answer in [try await desk.ask(.options, "/whep/demo/alice", fields), try await desk.play(fields)] {
        #expect(answer.fields[.accessControlAllowOrigin] == nil)
        #expect(answer.fields[.accessControlAllowMethods] == nil)
      }
    }
  }
}
