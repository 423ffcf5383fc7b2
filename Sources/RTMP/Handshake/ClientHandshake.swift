import NIOCore

/// The client's half: C0 C1 out, S0 S1 S2 in, C2 out.
struct ClientHandshake: Sendable {
  private enum Step {
    case awaitingS0
    case awaitingS1(received: [UInt8])
    case awaitingS2(received: [UInt8])
    case done
  }

  /// What RTMPE needs from C1 to the end.
  private struct Encryption {
    let version: EncryptedHandshake.Version
    let own: DiffieHellman
    /// The digest in C1, which S2 answers.
    let digest: [UInt8]
  }

  private var step = Step.awaitingS0
  private let random: [UInt8]
  private let scheme: DigestHandshake.Scheme?
  /// Whether S1 carried a valid digest, once it arrived.
  private(set) var serverHasDigest = false
  private let encryption: Encryption?
  /// For what follows C2 and S2, once RTMPE was agreed on.
  private(set) var cipher: RTMPECipher?

  /// Writes C0 and C1 to `output`; with a digest when `scheme` is given, and for RTMPE when `version` is given too.
  init(
    scheme: DigestHandshake.Scheme?, version: EncryptedHandshake.Version? = nil,
    random: inout some RandomNumberGenerator, output: inout ByteBuffer
  ) {
    self.random = HandshakeLayout.randomBytes(HandshakeLayout.length, from: &random)
    self.scheme = scheme
    if let scheme, let version, let own = DiffieHellman() {
      let hello = DigestHandshake.hello(
        version: [128, 0, 3, 2], random: self.random, scheme: scheme, key: .player, publicKey: own.publicKey)
      let position = scheme.digestPosition(in: hello)
      encryption = Encryption(
        version: version, own: own, digest: Array(hello[position..<position + DigestHandshake.digestLength]))
      output.writeInteger(version.rawValue)
      output.writeBytes(hello)
      return
    }
    encryption = nil
    output.writeInteger(HandshakeLayout.version)
    if let scheme {
      output.writeBytes(
        DigestHandshake.hello(version: [9, 0, 124, 2], random: self.random, scheme: scheme, key: .player))
    } else {
      output.writeBytes(PlainHandshake.hello(time: 0, random: self.random))
    }
  }

  var isDone: Bool {
    if case .done = step { true } else { false }
  }

  /// Takes handshake bytes from `bytes` and leaves what follows them. Appends C2 to `output` when S1 is whole.
  mutating func receive(_ bytes: inout ByteBuffer, output: inout ByteBuffer) throws(RTMPError) {
    while bytes.readableBytes > 0 {
      switch step {
      case .awaitingS0:
        let version = try HandshakeLayout.readVersion(&bytes, allowsEncryption: encryption != nil)
        guard version == encryption?.version else {
          throw .notRTMP(firstByte: version?.rawValue ?? HandshakeLayout.version)
        }
        step = .awaitingS1(received: [])
      case .awaitingS1(var received):
        step = .done
        received.append(contentsOf: HandshakeLayout.read(upTo: HandshakeLayout.length - received.count, from: &bytes))
        if received.count == HandshakeLayout.length {
          try answer(s1: received, output: &output)
          step = .awaitingS2(received: [])
        } else {
          step = .awaitingS1(received: received)
        }
      case .awaitingS2(var received):
        step = .done
        received.append(contentsOf: HandshakeLayout.read(upTo: HandshakeLayout.length - received.count, from: &bytes))
        guard received.count == HandshakeLayout.length else {
          step = .awaitingS2(received: received)
          continue
        }
        guard isValid(s2: received) else { throw .unsignedEncryptedHandshake }
      case .done:
        return
      }
    }
  }

  private mutating func answer(s1: [UInt8], output: inout ByteBuffer) throws(RTMPError) {
    if scheme != nil, let (found, digest) = DigestHandshake.find(in: s1, key: .server) {
      serverHasDigest = true
      var answer = DigestHandshake.answer(to: digest, random: random, key: .player)
      if let encryption {
        let other = EncryptedHandshake.key(in: s1, scheme: found)
        guard let secret = encryption.own.agree(with: other) else { throw .badPublicKey }
        cipher = RTMPECipher(
          secret: secret, own: encryption.own.publicKey, other: other,
          clearBytes: output.readableBytes + HandshakeLayout.length)
        guard cipher != nil else { throw .cipherUnavailable }
        if encryption.version == .scrambledSignature {
          EncryptedHandshake.scramble(signatureOf: &answer, key: DigestHandshake.answerKey(for: digest, key: .player))
        }
      }
      output.writeBytes(answer)
    } else if encryption != nil {
      throw .unsignedEncryptedHandshake
    } else {
      output.writeBytes(PlainHandshake.echo(of: s1, receivedAt: 0))
    }
  }

  /// Players look at S2 in RTMPE only.
  private func isValid(s2: [UInt8]) -> Bool {
    guard let encryption else { return true }
    var expected = Array(s2.dropLast(DigestHandshake.digestLength))
    let key = DigestHandshake.answerKey(for: encryption.digest, key: .server)
    expected += DigestHandshake.hmac(expected, key: key)
    if encryption.version == .scrambledSignature { EncryptedHandshake.scramble(signatureOf: &expected, key: key) }
    return expected == s2
  }
}
