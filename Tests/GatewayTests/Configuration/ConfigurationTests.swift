import AccessPolicy
import Edge
import Testing

@testable import Gateway

@Suite struct ConfigurationTests {
  @Test func everythingOptionalHasItsDefault() throws {
    let configuration = try ConfigurationFolder().parse(
      """
      listeners:
        - address: 0.0.0.0:1935
          accept: [rtmp]
      rooms:
        demo: { open: true }
      """)
    #expect(configuration.listeners.map(\.address.value.description) == ["0.0.0.0:1935"])
    #expect(configuration.listeners.map(\.accept) == [[.rtmp]])
    #expect(configuration.listeners.map(\.tls) == [nil])
    #expect(configuration.webRTC.udpPort.value == 8000)
    #expect(configuration.webRTC.advertisedAddresses.isEmpty)
    #expect(configuration.webRTC.iceServers.isEmpty)
    #expect(configuration.rooms == ["demo": RoomConfiguration()])
    #expect(configuration.admin.address.value.description == "127.0.0.1:9090")
    #expect(configuration.log == LogConfiguration(level: .info, format: .text))
    #expect(configuration.limits == LimitsConfiguration())
    #expect(configuration.limits.handshakeTimeout == .seconds(10))
    #expect(configuration.limits.sessionsPerAddress == 64)
    #expect(configuration.limits.sessions == 10_000)
    #expect(configuration.drainTimeout == .seconds(30))
  }

  @Test func everyKeyIsRead() throws {
    let folder = try ConfigurationFolder()
    let configuration = try folder.parse(
      """
      listeners:
        - address: "[::]:1935"
          accept: [rtmp]
        - address: 127.0.0.1:8443
          tls: { certificate: tls/cert.pem, key: tls/key.pem, minimum_version: "1.0", maximum_version: 1.2 }
          accept: [https, rtmps]
        - { address: 127.0.0.1:8080, accept: [rtmp, https], tls: { certificate: tls/cert.pem, key: tls/key.pem } }
      webrtc:
        udp_port: 9000
        advertised_addresses: [127.0.0.1, "2001:DB8:0::7"]
        ice_servers:
          - stun:stun.example.org:3478
          - { urls: ["turn:turn.example.org", "turns:[2001:db8::9]:443?transport=tcp"], username: u, credential: "env:TURN" }
      rooms:
        demo: { open: true }
        board-2: { open: true, max_participants: 50 }
      admin: { address: "[::1]:9191" }
      log: { level: debug, format: json }
      limits: { handshake_timeout: 2500ms, sessions_per_address: 2, sessions: 3 }
      drain_timeout: 0s
      """, environment: ["TURN": "hidden"])
    let tls = try #require(configuration.listeners[1].tls)
    #expect(configuration.listeners.map(\.accept) == [[.rtmp], [.https, .rtmps], [.rtmp, .https]])
    #expect(configuration.listeners[0].address.value.host == "::")
    #expect(configuration.listeners[0].address.position.line == 2)
    #expect(configuration.listeners[0].address.position.column == 14)
    #expect(tls.certificate.value == folder.path + "/tls/cert.pem")
    #expect(tls.key.value == folder.path + "/tls/key.pem")
    #expect(tls.minimumVersion == .tls10)
    #expect(tls.maximumVersion == .tls12)
    #expect(configuration.webRTC.udpPort.value == 9000)
    #expect(configuration.webRTC.udpPort.position.line == 9)
    #expect(configuration.webRTC.advertisedAddresses == ["127.0.0.1", "2001:db8::7"])
    #expect(
      configuration.webRTC.iceServers == [
        ICEServer(urls: ["stun:stun.example.org:3478"]),
        ICEServer(
          urls: ["turn:turn.example.org", "turns:[2001:db8::9]:443?transport=tcp"], username: "u",
          credential: Secret("hidden")),
      ])
    #expect(configuration.rooms["board-2"]?.maximumParticipants == 50)
    #expect(configuration.admin.address.value.description == "[::1]:9191")
    #expect(configuration.log == LogConfiguration(level: .debug, format: .json))
    #expect(
      configuration.limits
        == LimitsConfiguration(handshakeTimeout: .milliseconds(2500), sessionsPerAddress: 2, sessions: 3))
    #expect(configuration.drainTimeout == .zero)
  }

  @Test func whatStandsInFrontOfAListenerIsRead() throws {
    let folder = try ConfigurationFolder()
    let configuration = try folder.parse(
      """
      listeners:
        - address: 127.0.0.1:1936
          accept: [rtmps, https]
          tls_in_front: true
          proxy_protocol: { trusted: [127.0.0.1/32, "2001:db8::/32"], required: true }
          forwarded_for: { trusted: [10.0.0.0/8], header: forwarded }
        - address: 127.0.0.1:8443
          accept: [https]
          tls:
            certificate: tls/cert.pem
            key: tls/key.pem
            client_certificates: { authorities: tls/cert.pem, required: true }
      rooms: { demo: { open: true } }
      """)
    let proxied = configuration.listeners[0]
    #expect(proxied.isBehindTLS)
    #expect(proxied.tls == nil)
    #expect(
      proxied.proxyProtocol
        == ProxyProtocolTrust(proxies: TrustedProxies(try blocks("127.0.0.1/32", "2001:db8::/32")), isRequired: true))
    #expect(
      proxied.forwarded == ForwardedTrust(proxies: TrustedProxies(try blocks("10.0.0.0/8")), field: .forwarded))
    let tls = try #require(configuration.listeners[1].tls)
    #expect(tls.clientAuthorities?.value == folder.path + "/tls/cert.pem")
    #expect(tls.requiresClientCertificate)
    #expect(tls.settings.clients?.isRequired == true)
    #expect(!configuration.listeners[1].isBehindTLS)
  }

  private func blocks(_ texts: String...) throws -> [AddressRange] {
    try texts.map { try ListEntry(parsing: $0).range }
  }

  @Test func aSectionLeftEmptyMeansItsDefaults() throws {
    let configuration = try ConfigurationFolder().parse(
      """
      listeners: [{ address: 0.0.0.0:1935, accept: [rtmp] }]
      rooms: { demo: { open: true } }
      webrtc:
      log:
      limits: {}
      """)
    #expect(configuration.webRTC.udpPort.value == 8000)
    #expect(configuration.log == LogConfiguration())
  }

  @Test func aFileThatIsNotThereIsOneLineWithWhatToDo() {
    #expect {
      try Configuration.load(path: "no/such.yaml", environment: [:])
    } throws: { error in
      "\(error)"
        == "no/such.yaml:1:1: cannot read the configuration: no such file: name an existing file by --config"
    }
  }

  @Test func aFileIsReadFromTheDisk() throws {
    let folder = try ConfigurationFolder()
    try folder.write(
      "listeners: [{ address: 0.0.0.0:1935, accept: [rtmp] }]\nrooms: { a: { open: true } }\n", to: "c.yaml")
    let configuration = try Configuration.load(path: folder.path + "/c.yaml", environment: [:])
    #expect(configuration.rooms.keys.sorted() == ["a"])
  }

  @Test func aConfigurationMayHaveItsFullSizeAndNotOneByteMore() throws {
    let folder = try ConfigurationFolder()
    let start = "listeners: [{ address: 0.0.0.0:1935, accept: [rtmp] }]\nrooms: { a: { open: true } }\n#"
    let filler = String(repeating: "x", count: ConfigurationDocument.maximumSize - start.utf8.count)
    try folder.write(start + filler, to: "c.yaml")
    _ = try Configuration.load(path: folder.path + "/c.yaml", environment: [:])
    try folder.write(start + filler + "x", to: "c.yaml")
    #expect(throws: ConfigurationError.self) { try Configuration.load(path: folder.path + "/c.yaml", environment: [:]) }
  }

  @Test func aSecretShowsNothingOfItself() {
    let secret = Secret("hunter2")
    var dumped = ""
    dump(secret, to: &dumped)
    let server = ICEServer(urls: ["turn:t"], username: "u", credential: secret)
    for text in ["\(secret)", String(reflecting: secret), dumped, "\(server)", String(reflecting: server)] {
      #expect(!text.contains("hunter2"))
    }
    #expect(secret.reveal() == "hunter2")
  }

  @Test func aSecretIsReadFromItsFileWithoutTheLineEnd() throws {
    let folder = try ConfigurationFolder()
    for (content, expected) in [("abc\n", "abc"), ("abc\r\n", "abc"), ("abc", "abc"), ("a\nb\n\n", "a\nb\n")] {
      try folder.write(content, to: "turn.key")
      let configuration = try folder.parse(
        """
        listeners: [{ address: 0.0.0.0:1935, accept: [rtmp] }]
        rooms: { a: { open: true } }
        webrtc: { ice_servers: [{ urls: ["turn:t"], username: u, credential: "file:turn.key" }] }
        """)
      #expect(configuration.webRTC.iceServers.first?.credential?.reveal() == expected)
    }
  }
}
