import RTP

/// The numbers of the stream on which a stream's lost packets are sent again (RFC 4588, section 4).
struct RetransmissionStream {
  /// By the codec of the packet that is repeated; empty where the peer has no such stream.
  var payloadTypes = PayloadTypes()
  let ssrc: UInt32
  private var nextSequenceNumber: UInt16

  init(_ stream: OutgoingStream.Retransmission) {
    self.ssrc = stream.ssrc
    self.nextSequenceNumber = stream.firstSequenceNumber
  }

  /// The header under which a packet goes out again; its payload then begins with its own number, in two bytes. Nil
  /// where the peer did not ask for such a stream.
  mutating func nextHeader(_ packet: RetransmissionHistory.Packet) -> RTPHeader? {
    guard let payloadType = self.payloadTypes[packet.frame.codec] else { return nil }
    defer { self.nextSequenceNumber &+= 1 }
    return RTPHeader(
      marker: packet.frame.marker(packet.index), payloadType: payloadType, sequenceNumber: self.nextSequenceNumber,
      timestamp: packet.timestamp, ssrc: self.ssrc)
  }
}
