import NIOCore
import NIOSSL
import Synchronization
import Testing

@testable import Edge

@Suite(.timeLimit(.minutes(1))) struct ClientCertificateTests {
  private let get = "GET /a HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"

  private final class Notes: ConnectionObserver {
    let served = Mutex<[ConnectionInfo]>([])
    func connectionAccepted(_ connection: ConnectionInfo) {}
    func connectionServed(_ connection: ConnectionInfo, protocol served: DoorProtocol) {
      self.served.withLock { $0.append(connection) }
    }
    func connectionRefused(_ connection: ConnectionInfo, recognised: FirstBytes?, reason: ConnectionReason) {}
    func connectionClosed(_ connection: ConnectionInfo, protocol served: DoorProtocol, reason: ConnectionReason) {}
    func acceptFailed(on listener: ListenerID, errnoCode: Int32) {}
  }

  /// What a client gets, and what is known of its connection.
  private func visit(
    required: Bool, as client: TestCertificate?, version: TLSVersion = .tlsv13, authority: TestCertificate,
    server: TestCertificate
  ) async throws -> (answer: String, info: ConnectionInfo?) {
    var settings = server.settings()
    settings.clients = TLSSettings.ClientCertificates(
      authoritiesPath: authority.certificatePath, isRequired: required)
    let notes = Notes()
    let services = DoorServices(
      https: HTTPTestChannel.Closure(respond: HTTPTestChannel.echo), admission: SessionLimits(), observer: notes)
    let listener = try await Listener.bind(
      ListenerConfiguration(
        id: ListenerID(rawValue: "x"), address: try SocketAddress(ipAddress: "127.0.0.1", port: 0), accept: [.https],
        tls: try TLSContextSource(settings)), services: services, group: LoopbackClient.group)
    var configuration = TLSConfiguration.makeClientConfiguration()
    configuration.certificateVerification = .none
    configuration.minimumTLSVersion = version
    configuration.maximumTLSVersion = version
    if let client {
      configuration.certificateChain = [.certificate(try client.certificate())]
      configuration.privateKey = .privateKey(try NIOSSLPrivateKey(file: client.keyPath, format: .pem))
    }
    let answer = try? await LoopbackClient.exchange(
      get, with: listener.localAddress, tls: try NIOSSLContext(configuration: configuration))
    await listener.closeAll()
    return (answer ?? "", notes.served.withLock { $0.first })
  }

  @Test(arguments: [TLSVersion.tlsv12, .tlsv13])
  func subjectOfAVerifiedCertificateIsKnown(version: TLSVersion) async throws {
    let (alice, server) = (try TestCertificate(subject: "/O=Exämple, Inc./CN=alice"), try TestCertificate())
    let (answer, info) = try await visit(
      required: true, as: alice, version: version, authority: alice, server: server)
    #expect(answer.contains("200 OK"))
    #expect(info?.certificateSubject == "CN=alice,O=Exämple\\, Inc.")
    #expect(info?.tlsVersion == (version == .tlsv12 ? .v1_2 : .v1_3))
  }

  @Test func certificateOfAnUnknownAuthorityIsRefusedAlsoWhereNoneIsRequired() async throws {
    let (alice, mallory) = (try TestCertificate(subject: "/CN=alice"), try TestCertificate(subject: "/CN=mallory"))
    for required in [true, false] {
      let (answer, info) = try await visit(required: required, as: mallory, authority: alice, server: alice)
      #expect(answer == "")
      #expect(info == nil)
    }
  }

  @Test func clientWithoutCertificateComesInOnlyWhereNoneIsRequired() async throws {
    let alice = try TestCertificate(subject: "/CN=alice")
    let (answer, info) = try await visit(required: false, as: nil, authority: alice, server: alice)
    #expect(answer.contains("200 OK"))
    #expect(info?.certificateSubject == nil)
    let (refused, none) = try await visit(required: true, as: nil, authority: alice, server: alice)
    #expect(refused == "")
    #expect(none == nil)
  }
}
