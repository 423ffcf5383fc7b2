import LoadPeers
import Media
import NIOCore
import RTMP

/// Whole transcoders beside the same codec calls alone.
struct Chains {
  enum Failure: Error { case bytesDiffer(chain: Int, bare: Int) }

  static func measure(folder: String, _ watch: Stopwatch) throws {
    let pictures = try self.pictures(folder)
    try self.compare("Media:FLV1 to VP8, 640x480", pictures.count, "picture", watch) {
      let transcoder = try VideoTranscoder(from: VideoFormat(codec: .sorensonH263))
      var bytes = 0
      for picture in pictures { try transcoder.push(picture) { bytes += $0.data.readableBytes } }
      return bytes
    } bare: {
      try BareCodecs.video(pictures)
    }
    for rate in self.rates {
      let sounds = try self.sounds(folder, rate)
      try self.compare("Media:Nellymoser \(rate) Hz to Opus", sounds.count, "message", watch) {
        let transcoder = try AudioTranscoder(from: self.format(rate))
        var bytes = 0
        for sound in sounds { try transcoder.push(sound) { bytes += $0.data.readableBytes } }
        return bytes
      } bare: {
        try BareCodecs.audio(sounds, rate: Int32(rate))
      }
    }
  }

  /// The same in a worker process, as the gateway runs them; `watch` counts both processes.
  static func measureInProcess(folder: String, _ watch: Stopwatch) throws {
    let workers = WorkerChains()
    let pictures = try self.pictures(folder)
    try self.compare("Media:FLV1 to VP8 in a process", pictures.count, "picture", limit: 1.05, watch) {
      try workers.run(.picture(VideoFormat(codec: .sorensonH263), to: .vp8()), pictures)
    } bare: {
      try BareCodecs.video(pictures)
    }
    for rate in self.rates {
      let sounds = try self.sounds(folder, rate)
      try self.compare("Media:Nellymoser \(rate) Hz to Opus in a process", sounds.count, "message", limit: 1.05, watch)
      {
        try workers.run(.sound(self.format(rate), to: .opus()), sounds)
      } bare: {
        try BareCodecs.audio(sounds, rate: Int32(rate))
      }
    }
  }

  private static let rates = [8_000, 22_050]

  private static func pictures(_ folder: String) throws -> [EncodedFrame] {
    try Publication(file: "\(folder)/flv1.flv").frames.filter { $0.kind == .video }.map {
      EncodedFrame(
        time: $0.timestamp * 1000, isKeyFrame: $0.body.readableBytesView.first.map { $0 >> 4 == 1 } ?? false,
        data: Self.behindHeader($0.body))
    }
  }

  private static func sounds(_ folder: String, _ rate: Int) throws -> [EncodedFrame] {
    try Publication(file: "\(folder)/nellymoser-\(rate).flv").frames.map {
      EncodedFrame(time: $0.timestamp * 1000, isKeyFrame: true, data: Self.behindHeader($0.body))
    }
  }

  private static func format(_ rate: Int) -> AudioFormat {
    AudioFormat(codec: .nellymoser, sampleRate: rate, channels: 1)
  }

  private static func compare(
    _ name: String, _ count: Int, _ unit: String, limit: Double = 1.15, _ watch: Stopwatch, chain: () throws -> Int,
    bare: @escaping () throws -> Int
  ) throws {
    var bytes = (chain: 0, bare: 0)
    let reading = try watch.read(
      { bytes.chain = try chain() }, against: [("bare codec calls", { bytes.bare = try bare() })])
    // The same settings give the same bytes; other ones would make the comparison worthless.
    guard bytes.chain == bytes.bare else {
      throw Failure.bytesDiffer(chain: bytes.chain, bare: bytes.bare)
    }
    Table.add(name, reading, count: count, unit: unit, note: " (limit \(limit))")
  }

  private static func behindHeader(_ body: ByteBuffer) -> ByteBuffer {
    body.getSlice(at: body.readerIndex + 1, length: body.readableBytes - 1) ?? ByteBuffer()
  }
}
