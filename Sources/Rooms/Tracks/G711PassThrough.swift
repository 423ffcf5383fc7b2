import Media
import NIOCore
import RTP

/// G.711 messages as packets of sound whose time runs by their samples.
///
/// The publisher's stamps are whole milliseconds and jitter; taken as they are, each packet would overlap its neighbour
/// or leave a hole. So they count only when they are far from what the samples say: after a pause.
struct G711PassThrough {
  private var packetizer: G711Packetizer
  /// Ticks behind the last sample sent.
  private var end: Int64?

  init(_ law: G711Packetizer.Law) {
    packetizer = G711Packetizer(law)
  }

  /// The time of a frame is bounded by ``Timeline``, so that sums of it cannot overflow.
  mutating func packetize(_ frame: EncodedFrame, emit: (PacketizedFrame) -> Void) {
    let stamp = StreamClock.ticks(ofMediaTime: frame.time, clockRate: PayloadCodec.pcmu.clockRate)
    var time = stamp
    var startsTalkSpurt = true
    if let end, abs(stamp - end) <= Self.tolerance {
      time = end
      startsTalkSpurt = false
    }
    var rest = frame.data
    let piece = rest.readableBytes <= Self.longest ? Self.longest : Self.usual
    while rest.readableBytes > 0, let samples = rest.readSlice(length: min(piece, rest.readableBytes)) {
      if let packet = try? packetizer.packetize(samples, mediaTime: time, startsTalkSpurt: startsTalkSpurt) {
        emit(packet)
      }
      startsTalkSpurt = false
      time += Int64(samples.readableBytes)
    }
    end = time
  }

  /// 60 ms in samples: what is longer is cut, for a packet that is lost should not be missed.
  private static let longest = 480
  /// 20 ms in samples, the usual packet (RFC 3551, section 4.2).
  private static let usual = 160
  /// 40 ms in samples.
  private static let tolerance: Int64 = 320
}
