import NIOCore

/// Makes a recorded client's C2 fit the S1 that it gets now.
public enum RecordedAnswer {
  /// What the client would have said to `hello`, judged by what it said to the recorded one: a client that echoed
  /// echoes, one that signed for the server's digest signs for the new one. Any other answer is repeated as it is.
  /// - Parameters:
  ///   - answer: the recorded C2, 1536 bytes.
  ///   - recorded: the S1 it was for.
  ///   - hello: the S1 of now.
  public static func renewed(_ answer: ByteBuffer, for recorded: ByteBuffer, to hello: ByteBuffer) -> ByteBuffer {
    let (c2, oldS1, newS1) = (bytes(answer), bytes(recorded), bytes(hello))
    guard c2.count == HandshakeLayout.length, oldS1.count == c2.count, newS1.count == c2.count else { return answer }
    // Some clients write their own time into the echo's second word: the random part tells.
    if c2[8...] == oldS1[8...] { return hello }
    guard let (_, digest) = DigestHandshake.find(in: oldS1, key: .server),
      DigestHandshake.isValid(answer: c2, to: digest, key: .player),
      let (_, present) = DigestHandshake.find(in: newS1, key: .server)
    else { return answer }
    return ByteBuffer(bytes: DigestHandshake.answer(to: present, random: c2, key: .player))
  }

  private static func bytes(_ buffer: ByteBuffer) -> [UInt8] { Array(buffer.readableBytesView) }
}
