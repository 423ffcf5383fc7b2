import CLibAV
import Foundation

@testable import Media

/// A decoded picture's planes without padding.
struct Picture: Sendable {
  var width: Int
  var height: Int
  var time: Int64
  var planes: [[UInt8]]

  init(_ frame: borrowing Frame) {
    let picture = frame.pointer.pointee
    let size = (width: Int(picture.width), height: Int(picture.height))
    (self.width, self.height, self.time) = (size.width, size.height, picture.pts)
    let sources = [
      (picture.data.0, picture.linesize.0), (picture.data.1, picture.linesize.1), (picture.data.2, picture.linesize.2),
    ]
    self.planes = sources.enumerated().map { index, source in
      let shift = index == 0 ? 0 : 1
      let (width, height) = ((size.width + shift) >> shift, (size.height + shift) >> shift)
      guard let start = source.0 else { return [] }
      return (0..<height).reduce(into: []) { plane, y in
        plane += UnsafeBufferPointer(start: start + y * Int(source.1), count: width)
      }
    }
  }

  var number: Int { PictureNumber.read(luma: self.planes[0], width: self.width, height: self.height) }

  /// Peak signal to noise ratio over all planes, in dB.
  func psnr(against other: Picture) -> Double {
    var (sum, count) = (0, 0)
    for (own, others) in zip(self.planes, other.planes) {
      own.withUnsafeBufferPointer { own in
        others.withUnsafeBufferPointer { others in
          let size = min(own.count, others.count)
          count += size
          var index = 0
          while index < size {
            let difference = Int(own[index]) - Int(others[index])
            sum += difference * difference
            index += 1
          }
        }
      }
    }
    return sum == 0 ? 99 : 10 * log10(255 * 255 * Double(count) / Double(sum))
  }

  /// Decodes frames of `format`.
  static func decode(_ frames: [EncodedFrame], _ format: VideoFormat) throws -> [Picture] {
    var decoder = try Decoder(format, limits: .init())
    var pictures: [Picture] = []
    for frame in frames {
      try decoder.decode(frame) { (picture: borrowing Frame) in pictures.append(Picture(picture)) }
    }
    try decoder.finish { (picture: borrowing Frame) in pictures.append(Picture(picture)) }
    return pictures
  }
}
