import FLV
import NIOCore

/// Files, and the records inside them: a file read in one piece and in many gives the same tags.
enum FLVBody {
  static func run(_ bytes: ByteBuffer) throws(Contradiction) {
    let whole = self.tags(bytes, pieces: bytes.readableBytes)
    let parts = self.tags(bytes, pieces: 7)
    guard whole == parts else { throw Contradiction("an FLV file has other tags when it comes in pieces") }
    var (audio, video) = (bytes, bytes)
    _ = try? AudioTagHeader.read(from: &audio)
    _ = try? VideoTagHeader.read(from: &video)
    _ = try? AudioSpecificConfig(parsing: bytes)
    _ = try? SequenceParameterSet(parsing: bytes)
    guard let record = try? AVCDecoderConfiguration(parsing: bytes) else { return }
    var written = ByteBuffer()
    record.write(into: &written)
    guard (try? AVCDecoderConfiguration(parsing: written)) == record else {
      throw Contradiction("an AVC configuration is not read as it was written")
    }
  }

  private static func tags(_ bytes: ByteBuffer, pieces: Int) -> [FLVTag] {
    var (reader, rest, tags) = (FLVReader(), bytes, [FLVTag]())
    while var piece = rest.readSlice(length: min(max(pieces, 1), rest.readableBytes)), piece.readableBytes > 0 {
      reader.receive(&piece)
      while let tag = reader.next() { tags.append(tag) }
    }
    reader.finish()
    while let tag = reader.next() { tags.append(tag) }
    return tags
  }
}
