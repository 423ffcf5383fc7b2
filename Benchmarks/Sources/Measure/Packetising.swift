import FLV
import Glibc
import LoadPeers
import NIOCore
import RTMP
import RTP

/// RTP payload formats: encoded frames to packets.
struct Packetising {
  /// Access units of the publication, their NAL units with lengths of four bytes.
  let pictures: [ByteBuffer]
  let sequence: [ByteBuffer]
  let picture: [ByteBuffer]

  enum Failure: Error { case noConfiguration, noFrame }

  init(_ publication: Publication) throws {
    guard let record = publication.beginning.first(where: { $0.kind == .video }),
      let bytes = record.body.getSlice(at: record.body.readerIndex + 5, length: record.body.readableBytes - 5)
    else { throw Failure.noConfiguration }
    let configuration = try AVCDecoderConfiguration(parsing: bytes)
    self.sequence = configuration.sequenceParameterSets
    self.picture = configuration.pictureParameterSets
    self.pictures = publication.frames.filter { $0.kind == .video }.compactMap {
      // With its own storage, as a message has that came in several chunks.
      $0.body.getSlice(at: $0.body.readerIndex + 5, length: $0.body.readableBytes - 5).map {
        ByteBuffer($0.readableBytesView)
      }
    }
  }

  func h264() throws -> H264Packetizer {
    var packetizer = H264Packetizer(framing: .fourByteLengths)
    try packetizer.setParameterSets(sequence: self.sequence, picture: self.picture)
    return packetizer
  }

  func measure(_ watch: Stopwatch) throws {
    var h264 = try self.h264()
    try self.compare("RTP:H.264 packetiser", self.pictures, watch) { picture in
      _ = try h264.packetize(picture, mediaTime: 0)
    }
    var vp8 = VP8Packetizer(firstPictureID: 0)
    try self.compare("RTP:VP8 packetiser", self.pictures, watch) { _ = try vp8.packetize($0, mediaTime: 0) }
    let sounds = (0..<1000).map { ByteBuffer(repeating: UInt8($0 & 255), count: 80) }
    var opus = OpusPacketizer()
    try self.compare("RTP:Opus packetiser", sounds, watch) { _ = try opus.packetize($0, mediaTime: 0) }
  }

  /// Beside one allocation and one copy of each frame, the least that a packetiser with memory of its own can do.
  private func compare(
    _ name: String, _ frames: [ByteBuffer], _ watch: Stopwatch, _ packetize: (ByteBuffer) throws -> Void
  ) throws {
    let repeats = max(1, 20_000 / frames.count)
    let reading = try watch.read(
      { for _ in 0..<repeats { for frame in frames { try packetize(frame) } } },
      against: [
        (
          "malloc and memcpy",
          {
            for _ in 0..<repeats {
              for frame in frames {
                frame.withUnsafeReadableBytes { bytes in
                  guard let copy = malloc(bytes.count), let base = bytes.baseAddress else { return }
                  memcpy(copy, base, bytes.count)
                  Sink.keep(copy)
                }
              }
            }
          }
        )
      ])
    let size = frames.reduce(0) { $0 + $1.readableBytes } / frames.count
    Table.add(name, reading, count: repeats * frames.count, unit: "frame", note: " of \(size) B")
  }
}
