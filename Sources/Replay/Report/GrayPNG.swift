import Foundation

/// A gray picture as a PNG (ISO 15948) that a page can hold: 8 bits a pixel, not compressed, for it is small.
struct GrayPNG {
  private var bytes: [UInt8] = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]

  /// Nil unless there is a byte for each pixel, and a picture at all.
  /// - Parameters:
  ///   - width: of a row, in pixels.
  ///   - luma: the pixels, row by row from the top.
  init?(width: Int, luma: [UInt8]) {
    guard width > 0, !luma.isEmpty, luma.count.isMultiple(of: width), luma.count <= Self.largest else { return nil }
    let height = luma.count / width
    append("IHDR", Self.bigEndian(UInt32(width)) + Self.bigEndian(UInt32(height)) + [8, 0, 0, 0, 0])
    var rows: [UInt8] = []
    for row in 0..<height { rows += [0] + luma[row * width..<(row + 1) * width] }
    append("IDAT", Self.stored(rows))
    append("IEND", [])
  }

  /// As the address of an image.
  var dataURL: String { "data:image/png;base64,\(Data(bytes).base64EncodedString())" }

  private mutating func append(_ type: String, _ data: [UInt8]) {
    let content = Array(type.utf8) + data
    bytes += Self.bigEndian(UInt32(data.count)) + content + Self.bigEndian(Self.cyclicRedundancy(of: content))
  }

  /// A zlib stream (RFC 1950) of stored blocks (RFC 1951, 3.2.4).
  private static func stored(_ data: [UInt8]) -> [UInt8] {
    var stream: [UInt8] = [0x78, 0x01]
    for start in stride(from: 0, to: data.count, by: 0xFFFF) {
      let end = min(start + 0xFFFF, data.count)
      let length = UInt16(end - start)
      stream += [end == data.count ? 1 : 0]
      for value in [length, ~length] { stream += [UInt8(truncatingIfNeeded: value), UInt8(value >> 8)] }
      stream += data[start..<end]
    }
    var (low, high): (UInt32, UInt32) = (1, 0)
    for byte in data {
      low = (low + UInt32(byte)) % 65_521
      high = (high + low) % 65_521
    }
    return stream + bigEndian(high << 16 | low)
  }

  /// ISO 15948, annex D.
  private static func cyclicRedundancy(of data: [UInt8]) -> UInt32 {
    var value = UInt32.max
    for byte in data {
      value ^= UInt32(byte)
      for _ in 0..<8 { value = value & 1 == 1 ? value >> 1 ^ 0xEDB8_8320 : value >> 1 }
    }
    return ~value
  }

  private static func bigEndian(_ value: UInt32) -> [UInt8] {
    [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: value >> $0) }
  }

  /// What a thumbnail may have, and more.
  private static let largest = 1 << 20
}
