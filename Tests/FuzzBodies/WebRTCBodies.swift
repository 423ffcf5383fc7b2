import NIOCore
import RTP
import Seeded
import WebRTC

/// Offers: read, and answered if they can be.
enum SDPBody {
  static func run(_ bytes: ByteBuffer) {
    var reader = SDPReader()
    guard let offer = try? reader.read(String(buffer: bytes)) else { return }
    var negotiation = Negotiation(
      fingerprint: Fingerprint(algorithm: "sha-256", digest: Array(repeating: 7, count: 32)), candidates: [],
      random: SeededGenerator(seed: 3))
    _ = try? negotiation.answer(offer: offer, sending: [:])
    // The same again is a negotiation of its own.
    _ = try? negotiation.answer(offer: offer, sending: [:])
  }
}

/// Binding requests and what else may come as one.
enum STUNBody {
  static func run(_ bytes: ByteBuffer) {
    _ = STUNMessage.localUfrag(of: bytes)
    _ = try? STUNMessage(parsing: bytes)
  }
}

/// Packets as a browser sends them, and the payloads inside.
enum RTPBody {
  static func run(_ bytes: ByteBuffer) {
    guard let packet = try? RTPPacket(parsing: bytes) else { return }
    _ = packet.extensions
    var (h264, vp8) = (H264Depacketizer(), VP8Depacketizer())
    _ = try? h264.receive(packet)
    _ = try? vp8.receive(packet)
  }
}

/// Compounds: what was read can be written, and is then read the same.
enum RTCPBody {
  static func run(_ bytes: ByteBuffer) throws(Contradiction) {
    guard let packets = try? CompoundReader.readAll(bytes) else { return }
    var writer = CompoundWriter()
    var known: [RTCPPacket] = []
    for packet in packets {
      if case .unknown = packet { continue }
      if (try? writer.append(packet)) != nil { known.append(packet) }
    }
    guard !known.isEmpty else { return }
    let written = writer.finishReducedSize()
    guard (try? CompoundReader.readAll(written)) == known else {
      throw Contradiction("RTCP is not read as it was written")
    }
  }
}
