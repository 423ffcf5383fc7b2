import NIOCore

/// A client behind its handshake that nobody has answered yet: what another server needs to serve it instead.
public struct HandedOverSession: Sendable {
  /// All that the client said so far, decrypted: its `connect` is among it.
  let opening: ByteBuffer
  /// The cipher of RTMPE as it stands, if the client speaks that.
  var cipher: RTMPECipher?
  /// What the client may cost.
  let limits: RTMPLimits
}
