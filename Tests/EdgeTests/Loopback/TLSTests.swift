import Foundation
import NIOCore
import NIOSSL
import Testing

@testable import Edge

@Suite(.timeLimit(.minutes(4))) struct TLSTests {
  private let get = "GET /secret HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
  private static let certificate = Result { try TestCertificate() }

  private func source(
    _ minimum: TLSProtocolVersion = .v1_2, _ maximum: TLSProtocolVersion = .v1_3
  ) throws -> TLSContextSource {
    try TLSContextSource(try Self.certificate.get().settings(minimum, maximum))
  }

  @Test(arguments: [TLSVersion.tlsv12, .tlsv13]) func httpsIsServed(version: TLSVersion) async throws {
    let responder = HTTPTestChannel.Closure { .text("\($0.scheme) \($0.path)") }
    try await ListenerTests.withListener(accept: [.https], tls: try source(), responder: responder) {
      listener, observer in
      let tls = try LoopbackClient.context(minimum: version, maximum: version)
      let answer = try await LoopbackClient.exchange(get, with: listener.localAddress, tls: tls)
      #expect(answer.hasSuffix("https /secret"))
      await listener.closeAll()
      #expect(observer.soFar == [.accepted, .served(.https), .closed(.https, .finished)])
    }
  }

  @Test func handshakeMayComeByteByByte() async throws {
    try await ListenerTests.withListener(accept: [.https], tls: try source()) { listener, _ in
      let answer = try await LoopbackClient.exchange(
        get, with: listener.localAddress, tls: try LoopbackClient.context(), oneByteAtATime: true)
      #expect(answer.hasSuffix("GET /secret "))
    }
  }

  @Test func oldVersionsAreRefusedUnlessAllowed() async throws {
    let old = try LoopbackClient.context(minimum: .tlsv1, maximum: .tlsv11)
    try await ListenerTests.withListener(accept: [.https], tls: try source()) { listener, observer in
      // Whatever the client makes of the alert: it has no answer.
      let refused = (try? await LoopbackClient.exchange(get, with: listener.localAddress, tls: old)) ?? ""
      #expect(refused == "")
      for await event in observer.events where event != .accepted {
        #expect(event == .refused(.tls, .tlsFailed))
        break
      }
    }
    try await ListenerTests.withListener(accept: [.https], tls: try source(.v1_0)) { listener, _ in
      let answer10 = try await LoopbackClient.exchange(get, with: listener.localAddress, tls: old)
      #expect(answer10.contains("200 OK"))
    }
  }

  @Test func brokenHandshakeIsClosedAndCounted() async throws {
    try await ListenerTests.withListener(accept: [.https], tls: try source()) { listener, observer in
      _ = try await LoopbackClient.exchange("\u{16}nonsense that is no TLS record", with: listener.localAddress)
      for await event in observer.events where event != .accepted {
        #expect(event == .refused(.tls, .tlsFailed))
        break
      }
    }
  }

  @Test func silentTLSClientIsClosedAtTheTimeout() async throws {
    try await ListenerTests.withListener(
      accept: [.https], tls: try source(), handshakeTimeout: .seconds(1)
    ) { listener, observer in
      // TLS stands, but no request comes.
      let answer = try await LoopbackClient.exchange(
        "", with: listener.localAddress, tls: try LoopbackClient.context())
      #expect(answer == "")
      for await event in observer.events where event != .accepted {
        #expect(event == .refused(.tls, .handshakeTimeout))
        break
      }
    }
  }

  @Test func plainProtocolsOnATLSPortAreRefusedAndSoIsRTMPInside() async throws {
    try await ListenerTests.withListener(accept: [.https], tls: try source()) { listener, observer in
      let answer11 = try await LoopbackClient.exchange(get, with: listener.localAddress)
      #expect(answer11 == "")
      let tls = try LoopbackClient.context()
      let answer12 = try await LoopbackClient.exchange("\u{3}abc", with: listener.localAddress, tls: tls)
      #expect(answer12 == "")
      await listener.closeAll()
      let refused = observer.soFar.filter { $0 != .accepted }
      #expect(refused == [.refused(.http, .notAccepted(.http)), .refused(.rtmp, .notAccepted(.rtmp))])
    }
  }

  @Test func rtmpsIsServedWhereItIsAccepted() async throws {
    try await ListenerTests.withListener(accept: [.rtmps], tls: try source()) { listener, observer in
      let tls = try LoopbackClient.context()
      let back = try await LoopbackClient.exchange("\u{3}abc", with: listener.localAddress, tls: tls, enough: "abc")
      #expect(back == "\u{3}abc")
      await listener.closeAll()
      #expect(observer.soFar.contains(.served(.rtmps)))
    }
  }

  @Test func newConnectionsGetTheReplacedCertificateAndOldOnesGoOn() async throws {
    let (old, new) = (try Self.certificate.get(), try TestCertificate())
    let source = try TLSContextSource(old.settings())
    let trustingOld = try LoopbackClient.context(trusting: try old.certificate())
    let trustingNew = try LoopbackClient.context(trusting: try new.certificate())
    try await ListenerTests.withListener(accept: [.https], tls: source) { listener, _ in
      let address = listener.localAddress
      let kept = try await LoopbackClient.connect(to: address, tls: trustingOld)
      try await kept.executeThenClose { inbound, outbound in
        var iterator = inbound.makeAsyncIterator()
        try await outbound.write(ByteBuffer(string: "GET /1 HTTP/1.1\r\nHost: x\r\n\r\n"))
        _ = try await iterator.next()
        try source.reload(new.settings())
        let answer13 = try await LoopbackClient.exchange(get, with: address, tls: trustingNew)
        #expect(answer13.contains("200 OK"))
        // The client refuses the certificate; whether it sees its own error or the close first is a race.
        let refused = try? await LoopbackClient.exchange(get, with: address, tls: trustingOld)
        #expect((refused ?? "") == "")
        try await outbound.write(ByteBuffer(string: "GET /2 HTTP/1.1\r\nHost: x\r\n\r\n"))
        #expect(try await iterator.next() != nil)
      }
    }
  }

  @Test func brokenFilesAreNamedAndTheContextInForceStays() throws {
    let certificate = try Self.certificate.get()
    let source = try TLSContextSource(certificate.settings())
    let before = source.current
    var missing = certificate.settings()
    missing.certificatePath = "/nowhere/cert.pem"
    let first = #expect(throws: TLSLoadError.self) { try source.reload(missing) }
    #expect(first?.description.contains("certificate /nowhere/cert.pem") == true)
    var noKey = certificate.settings()
    noKey.keyPath = certificate.certificatePath
    let second = #expect(throws: TLSLoadError.self) { try source.reload(noKey) }
    #expect(second?.description.hasPrefix("key \(certificate.certificatePath)") == true)
    var stranger = certificate.settings()
    let other = try TestCertificate()
    stranger.keyPath = other.keyPath
    let third = #expect(throws: TLSLoadError.self) { try source.reload(stranger) }
    #expect(third?.description.contains("do not work together") == true)
    #expect(throws: TLSLoadError.self) { try certificate.settings(.v1_3, .v1_2).makeContext() }
    #expect(source.current === before)
  }
}
