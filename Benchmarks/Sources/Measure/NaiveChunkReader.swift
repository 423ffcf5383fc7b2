/// A chunk reader as one would first write it: a table of streams, arrays of bytes, each chunk appended.
///
/// The other end of the scale beside a plain copy. It takes well-formed streams without extended time stamps only.
struct NaiveChunkReader {
  private struct Stream {
    var timestamp = 0
    var length = 0
    var type: UInt8 = 0
    var body: [UInt8] = []
  }

  private var streams: [Int: Stream] = [:]
  private var bytes: [UInt8] = []
  private let chunkSize: Int
  private(set) var messages = 0

  init(chunkSize: Int) { self.chunkSize = chunkSize }

  mutating func receive(_ piece: [UInt8]) {
    self.bytes.append(contentsOf: piece)
    var position = 0
    while let next = self.chunk(at: position) { position = next }
    self.bytes.removeFirst(position)
  }

  private mutating func chunk(at start: Int) -> Int? {
    guard start < self.bytes.count else { return nil }
    let id = Int(self.bytes[start] & 63)
    let headerSize = [11, 7, 3, 0][Int(self.bytes[start] >> 6)]
    guard start + 1 + headerSize <= self.bytes.count else { return nil }
    var stream = self.streams[id] ?? Stream()
    let header = Array(self.bytes[(start + 1)..<(start + 1 + headerSize)])
    if headerSize >= 3 { stream.timestamp = header[0..<3].reduce(0) { $0 << 8 | Int($1) } }
    if headerSize >= 7 {
      stream.length = header[3..<6].reduce(0) { $0 << 8 | Int($1) }
      stream.type = header[6]
    }
    let count = min(self.chunkSize, stream.length - stream.body.count)
    let end = start + 1 + headerSize + count
    guard end <= self.bytes.count else { return nil }
    stream.body += self.bytes[(end - count)..<end]
    if stream.body.count == stream.length {
      if stream.type == 8 || stream.type == 9 { self.messages += 1 }
      stream.body = []
    }
    self.streams[id] = stream
    return end
  }
}
