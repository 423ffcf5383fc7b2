import Foundation

/// A picture's number as 16 blocks in its lowest sixth, black for 0 and white for 1, lowest bit left.
enum PictureNumber {
  /// A gray picture that carries `number` on a gradient that moves with it.
  static func draw(_ number: Int, width: Int, height: Int) -> Data {
    let blocks = (0..<width).map { UInt8(number >> ($0 * 16 / width) & 1 == 1 ? 235 : 16) }
    return (0..<height).reduce(into: Data()) { picture, y in
      if y >= height * 5 / 6 {
        picture.append(contentsOf: blocks)
      } else {
        picture.append(Data(repeating: UInt8(16 + (y + number * 3) % 200), count: width))
      }
    }
  }

  /// Reads the number from a luma plane.
  static func read(luma: [UInt8], width: Int, height: Int) -> Int {
    (0..<16).reduce(0) { number, bit in
      let (x, y) = ((2 * bit + 1) * width / 32, height * 11 / 12)
      return number | (luma[y * width + x] > 125 ? 1 << bit : 0)
    }
  }
}
