import NIOCore

/// The server's half of the handshake (spec 5.2): C0 and C1 in, S0 S1 S2 out at once, C2 in.
///
///     awaitingC0 -> awaitingC1 -> awaitingC2 -> done
///
/// Answers plain clients plainly and clients with a digest in C1 with digests of the same scheme. C2 is counted and
/// thrown away: players and encoders echo S1 in several wrong ways, and nothing hangs on it.
struct ServerHandshake: Sendable {
  private enum Step {
    case awaitingC0
    case awaitingC1(received: [UInt8])
    case awaitingC2(missing: Int)
    case done
  }

  private var step = Step.awaitingC0
  private let random: [UInt8]

  /// - Parameter random: the source of the random parts of S1 and S2.
  init(random: inout some RandomNumberGenerator) {
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
        try HandshakeLayout.readVersion(&bytes)
        step = .awaitingC1(received: [])
      case .awaitingC1(var received):
        step = .done  // releases the copy of `received` held by the enum, so that appending does not duplicate it
        received.append(contentsOf: HandshakeLayout.read(upTo: HandshakeLayout.length - received.count, from: &bytes))
        if received.count == HandshakeLayout.length {
          answer(c1: received, output: &output)
          step = .awaitingC2(missing: HandshakeLayout.length)
        } else {
          step = .awaitingC1(received: received)
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

  private func answer(c1: [UInt8], output: inout ByteBuffer) {
    output.reserveCapacity(minimumWritableBytes: 1 + 2 * HandshakeLayout.length)
    output.writeInteger(HandshakeLayout.version)
    // Bytes 4...7 are zero in a plain C1 and the client's version in one with a digest.
    if c1[4..<8].contains(where: { $0 != 0 }), let (scheme, digest) = DigestHandshake.find(in: c1, key: .player) {
      output.writeBytes(DigestHandshake.hello(version: [4, 5, 0, 1], random: random, scheme: scheme, key: .server))
      output.writeBytes(DigestHandshake.answer(to: digest, random: random, key: .server))
    } else {
      output.writeBytes(PlainHandshake.hello(time: 0, random: random))
      output.writeBytes(PlainHandshake.echo(of: c1, receivedAt: 0))
    }
  }
}

/// The client's half: C0 C1 out, S0 S1 S2 in, C2 out.
struct ClientHandshake: Sendable {
  private enum Step {
    case awaitingS0
    case awaitingS1(received: [UInt8])
    case awaitingS2(missing: Int)
    case done
  }

  private var step = Step.awaitingS0
  private let random: [UInt8]
  private let scheme: DigestHandshake.Scheme?
  /// Whether S1 carried a valid digest, once it arrived.
  private(set) var serverHasDigest = false

  /// Writes C0 and C1 to `output`; with a digest when `scheme` is given.
  init(scheme: DigestHandshake.Scheme?, random: inout some RandomNumberGenerator, output: inout ByteBuffer) {
    self.random = HandshakeLayout.randomBytes(HandshakeLayout.length, from: &random)
    self.scheme = scheme
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
        try HandshakeLayout.readVersion(&bytes)
        step = .awaitingS1(received: [])
      case .awaitingS1(var received):
        step = .done
        received.append(contentsOf: HandshakeLayout.read(upTo: HandshakeLayout.length - received.count, from: &bytes))
        if received.count == HandshakeLayout.length {
          answer(s1: received, output: &output)
          step = .awaitingS2(missing: HandshakeLayout.length)
        } else {
          step = .awaitingS1(received: received)
        }
      case .awaitingS2(let missing):
        let taken = min(missing, bytes.readableBytes)
        bytes.moveReaderIndex(forwardBy: taken)
        step = taken == missing ? .done : .awaitingS2(missing: missing - taken)
      case .done:
        return
      }
    }
  }

  private mutating func answer(s1: [UInt8], output: inout ByteBuffer) {
    if scheme != nil, let (_, digest) = DigestHandshake.find(in: s1, key: .server) {
      serverHasDigest = true
      output.writeBytes(DigestHandshake.answer(to: digest, random: random, key: .player))
    } else {
      output.writeBytes(PlainHandshake.echo(of: s1, receivedAt: 0))
    }
  }
}

/// What both roles and both kinds of handshake share.
enum HandshakeLayout {
  /// C1, C2, S1 and S2 (spec 5.2.3, 5.2.4).
  static let length = 1536
  /// C0 and S0 (spec 5.2.2).
  static let version: UInt8 = 3

  static func readVersion(_ bytes: inout ByteBuffer) throws(RTMPError) {
    switch bytes.readInteger(as: UInt8.self) {
    case version, nil: return
    case .some(let encrypted) where [6, 8, 9].contains(encrypted): throw .encryptedHandshake(version: encrypted)
    case .some(let byte): throw .notRTMP(firstByte: byte)
    }
  }

  static func read(upTo count: Int, from bytes: inout ByteBuffer) -> ByteBufferView {
    bytes.readSlice(length: min(count, bytes.readableBytes))?.readableBytesView ?? ByteBuffer().readableBytesView
  }

  static func randomBytes(_ count: Int, from random: inout some RandomNumberGenerator) -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(count + 8)
    while bytes.count < count {
      withUnsafeBytes(of: random.next()) { bytes.append(contentsOf: $0) }
    }
    bytes.removeLast(bytes.count - count)
    return bytes
  }
}
