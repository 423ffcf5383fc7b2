import COpenSSL
import NIOCore
import Testing

@testable import TestPeer
@testable import WebRTC

/// What our end says and hears when the handshake is done, against a client that is OpenSSL alone.
@Suite struct DTLSAfterHandshakeTests {
  /// Suites whose records we go on with, and one (CBC) that OpenSSL keeps.
  static let suites = [
    "ECDHE-ECDSA-AES128-GCM-SHA256", "ECDHE-ECDSA-AES256-GCM-SHA384", "ECDHE-ECDSA-CHACHA20-POLY1305",
    "ECDHE-ECDSA-AES128-SHA256",
  ]
  private static let start = NIODeadline.uptimeNanoseconds(1_000_000_000)

  /// A client and our server, their handshake done; `losing` drops our last flight once.
  private struct Association {
    let client: LibraryClient
    let server: DTLSTransport
    private(set) var keys: SRTPKeys?

    init(_ suite: String, losingLastFlight: Bool = false) throws {
      var random = SeededRandom(11)
      let certificate = try DTLSCertificate(using: &random)
      client = try LibraryClient(suite: suite, certificate: DTLSCertificate(using: &random))
      server = try DTLSTransport(
        certificate: certificate, remoteFingerprints: [client.fingerprint], at: DTLSAfterHandshakeTests.start)
      if losingLastFlight { client.sendsFlightsTwice() }
      client.shakeHands()
      var isLost = !losingLastFlight
      for _ in 0..<20 where !client.isConnected || keys == nil {
        for datagram in client.takeOutgoing() {
          let event = server.receive(datagram, at: DTLSAfterHandshakeTests.start)
          if case .established(let keys) = event { self.keys = keys }
          let flight = server.takeOutput()
          if keys != nil, !isLost { isLost = true } else { flight.forEach(client.receive) }
        }
      }
    }
  }

  @Test(arguments: suites) func aClientHearsOurGoodbye(suite: String) throws {
    let association = try Association(suite)
    #expect(association.client.isConnected)
    association.server.close()
    let farewell = association.server.takeOutput()
    #expect(farewell.count == 1)
    farewell.forEach(association.client.receive)
    #expect(association.client.hasHeardGoodbye)
  }

  @Test(arguments: suites) func weHearAClientsGoodbyeOnce(suite: String) throws {
    let association = try Association(suite)
    association.client.sayGoodbye()
    let farewell = association.client.takeOutgoing()
    let events = (farewell + farewell).compactMap { association.server.receive($0, at: Self.start) }
    guard case .ended(.closeNotify) = try #require(events.first) else {
      Issue.record("no goodbye: \(events)")
      return
    }
    #expect(events.count == 1)
    #expect(association.server.takeOutput().isEmpty)
  }

  @Test(arguments: suites) func aClientThatMissedOurLastFlightGetsItAgain(suite: String) throws {
    let association = try Association(suite, losingLastFlight: true)
    #expect(association.client.isConnected)
    association.server.close()
    association.server.takeOutput().forEach(association.client.receive)
    #expect(association.client.hasHeardGoodbye)
  }

  @Test(arguments: suites) func changedRecordsSayNothing(suite: String) throws {
    let association = try Association(suite)
    association.client.sayGoodbye()
    let farewell = try #require(association.client.takeOutgoing().first)
    var random = SeededRandom(3)
    for _ in 0..<2000 {
      let bytes = random.mutated(Array(farewell.readableBytesView))
      // Bytes behind a whole record change nothing in it.
      guard !bytes.starts(with: farewell.readableBytesView) else { continue }
      #expect(association.server.receive(ByteBuffer(bytes: bytes), at: Self.start) == nil)
    }
    // What OpenSSL keeps may be broken by then, and with it the goodbye; the session is not.
    if suite != Self.suites.last { #expect(association.server.receive(farewell, at: Self.start) != nil) }
  }

  @Test(arguments: suites.dropLast()) func alertsEndWhatTheyMustEnd(suite: String) throws {
    let association = try Association(suite)
    var records = try #require(association.client.records())
    // A warning; a message that asks for a new handshake; an alert that is none.
    let harmless: [([UInt8], DTLSRecord.Content)] = [([1, 90], .alert), ([1, 0, 0, 0], .handshake), ([2], .alert)]
    for (content, type) in harmless {
      let datagram = records.seal(content, as: type)
      #expect(association.server.receive(try #require(datagram), at: Self.start) == nil)
    }
    let fatal = records.seal([2, 40], as: .alert)
    guard case .ended(.alert(let text)) = association.server.receive(try #require(fatal), at: Self.start) else {
      Issue.record("a fatal alert ended nothing")
      return
    }
    #expect(text == "handshake failure")
    #expect(association.server.takeOutput().isEmpty)
  }

  @Test(arguments: suites.dropLast()) func aFinishedThatComesTwiceByTheNetworkIsAnsweredOnce(suite: String) throws {
    let association = try Association(suite)
    var records = try #require(association.client.records())
    let finished = records.seal([20, 0, 0, 0], as: .handshake)
    for expected in [true, false, false] {
      #expect(association.server.receive(try #require(finished), at: Self.start) == nil)
      #expect(association.server.takeOutput().isEmpty != expected)
    }
  }

  @Test func recordsCutShortAreNoRecords() throws {
    let association = try Association(Self.suites[0])
    association.client.sayGoodbye()
    let farewell = try #require(association.client.takeOutgoing().first)
    for length in 0..<farewell.readableBytes {
      let part = try #require(farewell.getSlice(at: farewell.readerIndex, length: length))
      #expect(association.server.receive(part, at: Self.start) == nil)
    }
    #expect(association.server.receive(farewell, at: Self.start) != nil)
  }
}

extension DTLSTransport {
  fileprivate func takeOutput() -> [ByteBuffer] {
    var datagrams: [ByteBuffer] = []
    while let datagram = self.nextOutput() { datagrams.append(datagram) }
    return datagrams
  }
}

/// A DTLS client on OpenSSL, which does with records what OpenSSL does.
private final class LibraryClient {
  let fingerprint: Fingerprint
  private(set) var isConnected = false
  private(set) var hasHeardGoodbye = false
  private let certificate: DTLSCertificate
  private let ssl: OpaquePointer
  private let bio = DatagramBIO()
  private var lastFlight: [ByteBuffer] = []

  init(suite: String, certificate: DTLSCertificate) throws {
    self.certificate = certificate
    fingerprint = certificate.fingerprint
    let handle = try #require(bio.makeBIO())
    ssl = try #require(SSL_new(certificate.context))
    SSL_set_bio(ssl, handle, handle)
    SSL_set_connect_state(ssl)
    _ = flashgate_DTLS_set_link_mtu(ssl, 1200)
    try #require(SSL_set_cipher_list(ssl, suite) == 1)
    DTLS_set_timer_cb(ssl) { ssl, last in
      // No clock is waited for: a flight is sent again at once, or in an hour.
      last == 0 && SSL_get_ex_data(ssl, 0) != nil ? 1 : 3_600_000_000
    }
  }

  deinit { SSL_free(ssl) }

  func shakeHands() {
    ERR_clear_error()
    isConnected = SSL_do_handshake(ssl) == 1
  }

  func receive(_ datagram: ByteBuffer) {
    bio.incoming = datagram
    if !isConnected { shakeHands() }
    guard isConnected else { return }
    var byte: UInt8 = 0
    let result = SSL_read(ssl, &byte, 1)
    if SSL_get_error(ssl, result) == SSL_ERROR_ZERO_RETURN { hasHeardGoodbye = true }
  }

  /// As if each of its flights had met silence once.
  func sendsFlightsTwice() {
    SSL_set_ex_data(ssl, 0, Unmanaged.passUnretained(self).toOpaque())
  }

  func sayGoodbye() { SSL_shutdown(ssl) }

  func takeOutgoing() -> [ByteBuffer] {
    defer { bio.outgoing = [] }
    if !bio.outgoing.isEmpty { lastFlight = bio.outgoing }
    return bio.outgoing
  }

  /// Its keys, to say what OpenSSL would not; it must say nothing itself from then on.
  func records() -> DTLSRecordProtection? { DTLSRecordProtection(of: ssl, isServer: false, flight: lastFlight) }
}
