import NIOCore

/// The server's half of the handshake (spec 5.2): C0 and C1 in, S0 S1 S2 out at once, C2 in.
///
///     awaitingC0 -> awaitingC1 -> awaitingC2 -> done
///
/// Answers plain clients plainly, clients with a digest in C1 with digests of the same scheme, and RTMPE with a key of
/// ours. C2 is counted and thrown away: players and encoders echo S1 in several wrong ways, and nothing hangs on it.
struct ServerHandshake: Sendable {
  private enum Step {
    case awaitingC0
    case awaitingC1(EncryptedHandshake.Version?, received: [UInt8])
    case awaitingC2(missing: Int)
    case done
  }

  private var step = Step.awaitingC0
  private let random: [UInt8]
  private let allowsEncryption: Bool
  /// For what follows C1, once RTMPE was agreed on; C2 is still in the clear.
  private(set) var cipher: RTMPECipher?
  /// The layout of the digest in C1, if there was one.
  private(set) var clientScheme: DigestHandshake.Scheme?

  /// - Parameters:
  ///   - allowsEncryption: whether RTMPE is served.
  ///   - random: the source of the random parts of S1 and S2.
  init(allowsEncryption: Bool = false, random: inout some RandomNumberGenerator) {
    self.allowsEncryption = allowsEncryption
    self.random = HandshakeLayout.randomBytes(HandshakeLayout.length, from: &random)
  }

  var isDone: Bool {
    if case .done = step { true } else { false }
  }

  /// Takes handshake bytes from `bytes` and leaves what follows them. Appends S0 S1 S2 to `output` when C1 is whole.
  mutating func receive(_ bytes: inout ByteBuffer, output: inout ByteBuffer) throws(RTMPError) {
    while bytes.readableBytes > 0 {
      switch step {
      case .awaitingC0:
        let encrypted = try HandshakeLayout.readVersion(
          &bytes, allowsEncryption: allowsEncryption, allowsLater: true)
        step = .awaitingC1(encrypted, received: [])
      case .awaitingC1(let encrypted, var received):
        step = .done  // releases the copy of `received` held by the enum, so that appending does not duplicate it
        received.append(contentsOf: HandshakeLayout.read(upTo: HandshakeLayout.length - received.count, from: &bytes))
        if received.count == HandshakeLayout.length {
          if let encrypted {
            try answer(c1: received, encrypted: encrypted, output: &output)
          } else {
            answer(c1: received, output: &output)
          }
          step = .awaitingC2(missing: HandshakeLayout.length)
        } else {
          step = .awaitingC1(encrypted, received: received)
        }
      case .awaitingC2(let missing):
        let taken = min(missing, bytes.readableBytes)
        bytes.moveReaderIndex(forwardBy: taken)
        step = taken == missing ? .done : .awaitingC2(missing: missing - taken)
      case .done:
        return
      }
    }
  }

  private mutating func answer(c1: [UInt8], output: inout ByteBuffer) {
    output.reserveCapacity(minimumWritableBytes: 1 + 2 * HandshakeLayout.length)
    output.writeInteger(HandshakeLayout.version)
    // Bytes 4...7 are zero in a plain C1 and the client's version in one with a digest.
    if c1[4..<8].contains(where: { $0 != 0 }), let (scheme, digest) = DigestHandshake.find(in: c1, key: .player) {
      clientScheme = scheme
      output.writeBytes(DigestHandshake.hello(version: [4, 5, 0, 1], random: random, scheme: scheme, key: .server))
      output.writeBytes(DigestHandshake.answer(to: digest, random: random, key: .server))
    } else {
      output.writeBytes(PlainHandshake.hello(time: 0, random: random))
      output.writeBytes(PlainHandshake.echo(of: c1, receivedAt: 0))
    }
  }

  private mutating func answer(
    c1: [UInt8], encrypted version: EncryptedHandshake.Version, output: inout ByteBuffer
  ) throws(RTMPError) {
    guard let (scheme, digest) = DigestHandshake.find(in: c1, key: .player) else { throw .unsignedEncryptedHandshake }
    clientScheme = scheme
    let other = EncryptedHandshake.key(in: c1, scheme: scheme)
    guard let (own, secret) = EncryptedHandshake.agree(with: other) else { throw .badPublicKey }
    guard
      let cipher = RTMPECipher(
        secret: secret, own: own.publicKey, other: other,
        clearBytes: output.readableBytes + 1 + 2 * HandshakeLayout.length)
    else { throw .cipherUnavailable }
    self.cipher = cipher
    output.reserveCapacity(minimumWritableBytes: 1 + 2 * HandshakeLayout.length)
    output.writeInteger(version.rawValue)
    output.writeBytes(
      DigestHandshake.hello(
        version: [4, 5, 0, 1], random: random, scheme: scheme, key: .server, publicKey: own.publicKey))
    var answer = DigestHandshake.answer(to: digest, random: random, key: .server)
    if version == .scrambledSignature {
      EncryptedHandshake.scramble(signatureOf: &answer, key: DigestHandshake.answerKey(for: digest, key: .server))
    }
    output.writeBytes(answer)
  }
}
