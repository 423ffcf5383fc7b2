import AccessPolicy
import NIOCore
import Synchronization
import Testing

@testable import Edge

/// HTTP requests through proxies: whose they are is told for each of them.
@Suite(.timeLimit(.minutes(1))) struct ForwardedRequestTests {
  /// Lets connections in and refuses the requests of one address.
  private struct Judge: Admission {
    let refused: String

    func admit(_ visitor: Visitor, listener: ListenerID) -> AdmissionDecision {
      if case .client = visitor { return .refused(ConnectionReason(rawValue: "not_a_proxy")) }
      return .admitted
    }
    func release(_ visitor: Visitor, listener: ListenerID) {}
    func judge(requestOf client: SocketAddress, listener: ListenerID) -> AdmissionDecision {
      client.ipAddress == refused ? .refused(ConnectionReason(rawValue: "blacklist")) : .admitted
    }
  }

  private final class Notes: ConnectionObserver {
    let ignored = Mutex<[ForwardingHeader]>([])
    let refused = Mutex<[String]>([])
    func connectionAccepted(_ connection: ConnectionInfo) {}
    func connectionServed(_ connection: ConnectionInfo, protocol served: DoorProtocol) {}
    func connectionRefused(_ connection: ConnectionInfo, recognised: FirstBytes?, reason: ConnectionReason) {}
    func connectionClosed(_ connection: ConnectionInfo, protocol served: DoorProtocol, reason: ConnectionReason) {}
    func acceptFailed(on listener: ListenerID, errnoCode: Int32) {}
    func forwardingIgnored(_ connection: ConnectionInfo, _ header: ForwardingHeader) {
      ignored.withLock { $0.append(header) }
    }
    func requestRefused(
      _ connection: ConnectionInfo, client: SocketAddress?, protocol served: DoorProtocol, reason: ConnectionReason
    ) {
      refused.withLock { $0.append("\(client?.ipAddress ?? "-") \(served.rawValue) \(reason)") }
    }
  }

  private func withListener(
    trusted: String?, admission: any Admission = SessionLimits(),
    _ body: (SocketAddress, Notes) async throws -> Void
  ) async throws {
    let notes = Notes()
    let responder = HTTPTestChannel.Closure { .text("you are \($0.remoteAddress?.ipAddress ?? "nobody")") }
    let services = DoorServices(http: responder, admission: admission, observer: notes)
    var configuration = ListenerConfiguration(
      id: ListenerID(rawValue: "x"), address: try SocketAddress(ipAddress: "127.0.0.1", port: 0), accept: [.http])
    configuration.forwarded = try trusted.map {
      ForwardedTrust(proxies: TrustedProxies([try ListEntry(parsing: $0).range]))
    }
    let listener = try await Listener.bind(configuration, services: services, group: LoopbackClient.group)
    do {
      try await body(listener.localAddress, notes)
    } catch {
      await listener.closeAll()
      throw error
    }
    await listener.closeAll()
  }

  private func get(_ fields: String, close: Bool = true) -> String {
    "GET / HTTP/1.1\r\nHost: x\r\n\(fields)\(close ? "Connection: close\r\n" : "")\r\n"
  }

  @Test func eachRequestOfAConnectionHasItsOwnClient() async throws {
    try await withListener(trusted: "127.0.0.0/8") { address, notes in
      let answer = try await LoopbackClient.exchange(
        get("X-Forwarded-For: 192.0.2.1\r\n", close: false)
          + get("Forwarded: for=\"[2001:db8::1]:9\"\r\n", close: false)
          + get(""), with: address)
      #expect(answer.contains("you are 192.0.2.1"))
      #expect(answer.contains("you are 2001:db8::1"))
      #expect(answer.contains("you are 127.0.0.1"))
      #expect(notes.ignored.withLock { $0 } == [])
    }
  }

  @Test(arguments: [nil, "10.0.0.0/8"]) func fieldOfAStrangerChangesNothingAndIsCounted(trusted: String?) async throws {
    try await withListener(trusted: trusted) { address, notes in
      let answer = try await LoopbackClient.exchange(get("X-Forwarded-For: 192.0.2.1\r\n"), with: address)
      #expect(answer.hasSuffix("you are 127.0.0.1"))
      #expect(notes.ignored.withLock { $0 } == [.xForwardedFor])
    }
  }

  @Test func fieldThatCannotBeUnderstoodRefusesItsRequestAlone() async throws {
    try await withListener(trusted: "127.0.0.1") { address, notes in
      let answer = try await LoopbackClient.exchange(
        get("X-Forwarded-For: 192.0.2.1\r\n", close: false) + get("X-Forwarded-For: nobody\r\n"), with: address)
      #expect(answer.contains("you are 192.0.2.1"))
      #expect(answer.contains("HTTP/1.1 400 "))
      #expect(notes.refused.withLock { $0 } == ["- http forwarded_malformed"])
    }
  }

  @Test func eachClientIsJudgedAndTheProxyIsNone() async throws {
    try await withListener(trusted: "127.0.0.1", admission: Judge(refused: "192.0.2.66")) { address, notes in
      let good = try await LoopbackClient.exchange(get("X-Forwarded-For: 192.0.2.1\r\n"), with: address)
      #expect(good.contains("200 OK"))
      let bad = try await LoopbackClient.exchange(get("X-Forwarded-For: 192.0.2.66\r\n"), with: address)
      #expect(bad.hasPrefix("HTTP/1.1 403 "))
      #expect(notes.refused.withLock { $0 } == ["192.0.2.66 http blacklist"])
    }
  }
}
