import Glibc
import LoadPeers
import NIOCore

/// RTMP: bytes of a publisher to messages.
enum RTMPParsing {
  enum Failure: Error { case naiveReaderDiffers(Int, Int) }

  static func measure(_ publication: Publication, _ watch: Stopwatch) throws {
    for chunkSize in [128, 4096, 65_536] {
      let stream = try RecordedStream(publication, chunkSize: UInt32(chunkSize))
      let arrays = stream.pieces.map { Array($0.readableBytesView) }
      let target = UnsafeMutableRawPointer.allocate(byteCount: stream.byteCount, alignment: 64)
      defer { target.deallocate() }
      let reading = try watch.read(
        { for _ in 0..<5 { try stream.parse() } },
        against: [
          (
            "memcpy",
            {
              for _ in 0..<5 {
                var at = 0
                for piece in stream.pieces {
                  piece.withUnsafeReadableBytes { bytes in
                    if let base = bytes.baseAddress { memcpy(target + at, base, bytes.count) }
                    at += bytes.count
                  }
                }
              }
            }
          ),
          (
            "naive parser",
            {
              for _ in 0..<5 {
                var reader = NaiveChunkReader(chunkSize: chunkSize)
                for piece in arrays { reader.receive(piece) }
                guard reader.messages == stream.messages else {
                  throw Failure.naiveReaderDiffers(reader.messages, stream.messages)
                }
              }
            }
          ),
        ])
      let rate = Double(stream.byteCount * 5) / reading.seconds / 1e6
      Table.add(
        "RTMP:ServerSession, chunks of \(chunkSize) B", reading, count: stream.messages * 5, unit: "message",
        note: ", \(Table.number(rate)) MB/s")
    }
  }
}
