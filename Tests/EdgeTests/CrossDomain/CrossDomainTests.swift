import AccessPolicy
import HTTPTypes
import NIOCore
import Testing

@testable import Edge

@Suite(.timeLimit(.minutes(1))) struct CrossDomainTests {
  private static let request = "<policy-file-request/>\0"

  private func policy(ports: String = "1935") throws -> CrossDomainPolicy {
    CrossDomainPolicy(
      domains: [try #require(DomainPattern(parsing: "*.example.com"))], ports: try #require(PortSet(parsing: ports)))
  }

  /// A listener that gives `policy`, and what became of its connections.
  private func withListener(
    _ policy: CrossDomainPolicy?, _ body: (SocketAddress, RecordingObserver) async throws -> Void
  ) async throws {
    let source = CrossDomainSource { policy }
    let observer = RecordingObserver()
    let services = DoorServices(
      policy: { channel, door in try source.adopt(channel, door) }, admission: SessionLimits(), observer: observer)
    let configuration = ListenerConfiguration(
      id: ListenerID(rawValue: "test"), address: try SocketAddress(ipAddress: "127.0.0.1", port: 0), accept: [.policy])
    let listener = try await Listener.bind(configuration, services: services, group: LoopbackClient.group)
    do {
      try await body(listener.localAddress, observer)
    } catch {
      await listener.closeAll()
      throw error
    }
    await listener.closeAll()
  }

  @Test(arguments: [false, true])
  func policyAndANULComeAtOnceAndTheConnectionEnds(oneByteAtATime: Bool) async throws {
    try await withListener(try policy()) { address, observer in
      let answer = try await LoopbackClient.exchange(Self.request, with: address, oneByteAtATime: oneByteAtATime)
      let port = UInt16(clamping: address.port ?? 0)
      let document = try #require(try policy().document(at: .socket(port: port)))
      #expect(answer == document + "\0")
      #expect(answer.contains("to-ports=\"1935\""))
      for await event in observer.events {
        guard case .closed(let served, let reason) = event else { continue }
        #expect(served == .policy && reason == .finished)
        break
      }
    }
  }

  @Test func whatIsNoRequestIsClosedAndCounted() async throws {
    try await withListener(try policy()) { address, observer in
      let answer = try await LoopbackClient.exchange("<cross-domain-request/>\0", with: address)
      #expect(answer == "")
      for await event in observer.events {
        guard case .closed(let served, let reason) = event else { continue }
        #expect(served == .policy && reason == .badPolicyRequest)
        break
      }
    }
  }

  @Test func withoutAPolicyThereIsNoAnswer() async throws {
    // A port below 1024 cannot be granted by a listener above.
    for policy in [nil, try policy(ports: "80")] {
      try await withListener(policy) { address, observer in
        let answer = try await LoopbackClient.exchange(Self.request, with: address)
        #expect(answer == "")
        for await event in observer.events {
          guard case .closed(_, let reason) = event else { continue }
          #expect(reason == .noPolicy)
          break
        }
      }
    }
  }

  @Test func fileAtTheRootHasItsTypeAndSaysWhatElseCounts() async throws {
    let answer = try await file(of: try policy())
    #expect(answer.status == .ok)
    #expect(answer.fields[.contentType] == "text/x-cross-domain-policy")
    #expect(answer.fields[try #require(HTTPField.Name("X-Permitted-Cross-Domain-Policies"))] == "master-only")
    #expect(String(buffer: answer.body) == (try policy().document(at: .http)))
    #expect(try await file(of: nil).status == .notFound)
    // What is for HTTPS pages alone is not given in the clear.
    let secure = CrossDomainPolicy(
      domains: [try #require(DomainPattern(parsing: "old.example.org"))],
      ports: try #require(PortSet(parsing: "1935")), isForHTTPSAlone: true)
    #expect(try await file(of: secure).status == .notFound)
    #expect(try await file(of: secure, scheme: "https").status == .ok)
  }

  private func file(of policy: CrossDomainPolicy?, scheme: String = "http") async throws -> HTTPServerResponse {
    var router = HTTPRouter()
    CrossDomainSource { policy }.add(to: &router)
    let target = try RequestTarget("/crossdomain.xml")
    return await router.respond(to: HTTPServerRequest(method: .get, scheme: scheme, target: target))
  }
}
