import COpenSSL
import NIOCore

/// The records of an association whose handshake is done, under its keys (RFC 6347 section 4.1.2, RFC 5288, RFC 7905).
///
/// After the handshake two things still come: alerts, and the peer's Finished once more if our last flight was lost.
/// OpenSSL keeps 42 kB for each association to serve them; this is the keys alone, and the ciphers are OpenSSL's. Only
/// for suites of AES-GCM and ChaCha20-Poly1305.
struct DTLSRecordProtection {
  /// Key and fixed part of the nonce of one direction.
  private struct Side {
    let key: [UInt8]
    let salt: [UInt8]
  }

  private let suite: Suite
  private let inbound: Side
  private let outbound: Side
  /// Number and, for AES-GCM, explicit nonce of the record sent last: ours follow OpenSSL's, so none comes twice.
  private var lastNumber: UInt64
  private var lastNonce: UInt64
  private var received = ReplayWindow(size: 64)

  /// Takes the keys out of a finished handshake. Nil for a suite that is not one of ours, or if no record under the new
  /// keys is among those sent last.
  ///
  /// - Parameter flight: the datagrams that the handshake sent last.
  init?(of ssl: OpaquePointer, isServer: Bool, flight: [ByteBuffer]) {
    guard SSL_version(ssl) == DTLS1_2_VERSION, let cipher = SSL_get_current_cipher(ssl),
      let suite = Suite(SSL_CIPHER_get_cipher_nid(cipher)), let last = Self.lastProtected(in: flight),
      let block = Self.keyBlock(of: ssl, cipher, count: 2 * (suite.keyLength + suite.saltLength))
    else { return nil }
    self.suite = suite
    self.lastNumber = last.number
    self.lastNonce = 0
    if suite.explicitNonceLength > 0 {
      guard let nonce: UInt64 = last.fragment.getInteger(at: last.fragment.readerIndex) else { return nil }
      self.lastNonce = nonce
    }
    let salts = block.dropFirst(2 * suite.keyLength)
    let client = Side(key: Array(block.prefix(suite.keyLength)), salt: Array(salts.prefix(suite.saltLength)))
    let server = Side(
      key: Array(block.dropFirst(suite.keyLength).prefix(suite.keyLength)),
      salt: Array(salts.dropFirst(suite.saltLength)))
    self.inbound = isServer ? client : server
    self.outbound = isServer ? server : client
  }

  /// What a record says; nil for one that is not authentic, came before, or is of another epoch.
  mutating func open(_ record: DTLSRecord) -> [UInt8]? {
    let overhead = self.suite.explicitNonceLength + Self.tagLength
    var fragment = record.fragment
    guard record.version == DTLSRecord.version12, record.epoch == Self.epoch, fragment.readableBytes >= overhead,
      fragment.readableBytes <= Self.longestFragment, self.received.admits(record.number)
    else { return nil }
    var explicit: UInt64 = 0
    if self.suite.explicitNonceLength > 0, let nonce: UInt64 = fragment.readInteger() { explicit = nonce }
    guard let text = fragment.readBytes(length: fragment.readableBytes - Self.tagLength),
      let tag = fragment.readBytes(length: Self.tagLength)
    else { return nil }
    let opened = DTLSCipher.open(
      text, tag: tag, under: self.suite, key: self.inbound.key,
      nonce: self.suite.nonce(salt: self.inbound.salt, explicit: explicit, number: record.number),
      header: Self.authenticated(record.number, record.type, count: text.count))
    guard let opened else { return nil }
    self.received.note(record.number)
    return opened
  }

  /// A datagram of one record; nil once the numbers are used up.
  mutating func seal(_ content: [UInt8], as type: DTLSRecord.Content) -> ByteBuffer? {
    guard self.lastNumber & Self.numbers < Self.numbers else { return nil }
    self.lastNumber += 1
    self.lastNonce &+= 1
    let sealed = DTLSCipher.seal(
      content, under: self.suite, key: self.outbound.key,
      nonce: self.suite.nonce(salt: self.outbound.salt, explicit: self.lastNonce, number: self.lastNumber),
      header: Self.authenticated(self.lastNumber, type.rawValue, count: content.count))
    guard let sealed else { return nil }
    var datagram = ByteBuffer()
    let length = self.suite.explicitNonceLength + sealed.count
    datagram.writeMultipleIntegers(
      type.rawValue, DTLSRecord.version12, self.lastNumber, UInt16(truncatingIfNeeded: length))
    if self.suite.explicitNonceLength > 0 { datagram.writeInteger(self.lastNonce) }
    datagram.writeBytes(sealed)
    return datagram
  }

  /// Number, type, version and length of the text (RFC 5246 section 6.2.3.3, with DTLS's number).
  private static func authenticated(_ number: UInt64, _ type: UInt8, count: Int) -> [UInt8] {
    var header = ByteBuffer()
    header.writeMultipleIntegers(number, type, DTLSRecord.version12, UInt16(truncatingIfNeeded: count))
    return Array(header.readableBytesView)
  }

  private static func lastProtected(in flight: [ByteBuffer]) -> DTLSRecord? {
    var last: DTLSRecord?
    for var datagram in flight {
      while let record = DTLSRecord(readingFrom: &datagram) { if record.epoch == Self.epoch { last = record } }
    }
    return last
  }

  /// RFC 5246 section 6.3. Suites of ours have no keys for a MAC.
  private static func keyBlock(of ssl: OpaquePointer, _ cipher: OpaquePointer, count: Int) -> [UInt8]? {
    guard let session = SSL_get_session(ssl), let digest = SSL_CIPHER_get_handshake_digest(cipher) else { return nil }
    var secret = [UInt8](repeating: 0, count: 48)
    guard SSL_SESSION_get_master_key(session, &secret, secret.count) == secret.count else { return nil }
    defer { secret.withUnsafeMutableBytes { OPENSSL_cleanse($0.baseAddress, $0.count) } }
    var (server, client) = ([UInt8](repeating: 0, count: 32), [UInt8](repeating: 0, count: 32))
    guard SSL_get_server_random(ssl, &server, 32) == 32, SSL_get_client_random(ssl, &client, 32) == 32 else {
      return nil
    }
    let seed = Array("key expansion".utf8) + server + client
    var block = [UInt8](repeating: 0, count: count)
    guard flashgate_tls12_prf(digest, secret, secret.count, seed, seed.count, &block, count) == 1 else { return nil }
    return block
  }

  /// The first epoch with keys; there is no second, for nobody renegotiates.
  private static let epoch: UInt16 = 1
  private static let numbers: UInt64 = 1 << 48 - 1
  private static let tagLength = DTLSCipher.tagLength
  /// What a handshake's last flight and alerts need, and more.
  private static let longestFragment = 2048
}
