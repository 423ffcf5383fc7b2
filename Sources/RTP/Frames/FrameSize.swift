/// Limits on the size of one encoded frame, in bytes.
public enum FrameSize {
  /// The largest frame that is cut or joined: 2 MiB, a key frame some twenty times larger than video calls know.
  public static let maximum = 2 << 20
  /// The default payload of one packet: 1 200 bytes of datagram less headers, extensions and the SRTP tag.
  public static let defaultPayload = 1160
  /// The payload sizes a packetizer may be set to; the lower end leaves room for every payload header.
  public static let payloadRange = 16...1400
}
