import LoadPeers
import Media
import NIOCore
import RTMP

/// Whole transcoders beside the same codec calls alone.
struct Chains {
  enum Failure: Error { case bytesDiffer(chain: Int, bare: Int) }

  static func measure(folder: String, _ watch: Stopwatch) throws {
    let pictures = try Publication(file: "\(folder)/flv1.flv").frames.filter { $0.kind == .video }.map {
      EncodedFrame(
        time: $0.timestamp * 1000, isKeyFrame: $0.body.readableBytesView.first.map { $0 >> 4 == 1 } ?? false,
        data: Self.behindHeader($0.body))
    }
    try self.compare("Media:FLV1 to VP8, 640x480", pictures.count, "picture", watch) {
      let transcoder = try VideoTranscoder(from: VideoFormat(codec: .sorensonH263))
      var bytes = 0
      for picture in pictures { try transcoder.push(picture) { bytes += $0.data.readableBytes } }
      return bytes
    } bare: {
      try BareCodecs.video(pictures)
    }
    for rate in [8_000, 22_050] {
      let sounds = try Publication(file: "\(folder)/nellymoser-\(rate).flv").frames.map {
        EncodedFrame(time: $0.timestamp * 1000, isKeyFrame: true, data: Self.behindHeader($0.body))
      }
      let format = AudioFormat(codec: .nellymoser, sampleRate: rate, channels: 1)
      try self.compare("Media:Nellymoser \(rate) Hz to Opus", sounds.count, "message", watch) {
        let transcoder = try AudioTranscoder(from: format)
        var bytes = 0
        for sound in sounds { try transcoder.push(sound) { bytes += $0.data.readableBytes } }
        return bytes
      } bare: {
        try BareCodecs.audio(sounds, rate: Int32(rate))
      }
    }
  }

  private static func compare(
    _ name: String, _ count: Int, _ unit: String, _ watch: Stopwatch, chain: () throws -> Int,
    bare: @escaping () throws -> Int
  ) throws {
    var bytes = (chain: 0, bare: 0)
    let reading = try watch.read(
      { bytes.chain = try chain() }, against: [("bare codec calls", { bytes.bare = try bare() })])
    // The same settings give the same bytes; other ones would make the comparison worthless.
    guard bytes.chain == bytes.bare else {
      throw Failure.bytesDiffer(chain: bytes.chain, bare: bytes.bare)
    }
    Table.add(name, reading, count: count, unit: unit, note: " (limit 1.15)")
  }

  private static func behindHeader(_ body: ByteBuffer) -> ByteBuffer {
    body.getSlice(at: body.readerIndex + 1, length: body.readableBytes - 1) ?? ByteBuffer()
  }
}
