import CLibAV

/// Decodes pictures to look at them coarsely: for the comparison of recordings, not for showing.
///
/// Not `Sendable`: it belongs to one owner.
public final class PictureProbe {
  /// The mean luma of the parts of a picture.
  public struct Look: Sendable, Hashable {
    /// Media time of the picture in microseconds.
    public let time: Int64
    /// Size of the picture in pixels.
    public let width, height: Int
    /// The means, 0 to 255, row by row, of each grid that was asked for.
    public let grids: [[UInt8]]
  }

  /// Into how many parts a picture is divided.
  public struct Grid: Sendable, Hashable {
    /// Parts in a row, and rows; at least 1.
    public let columns, rows: Int

    /// A grid; what is below 1 counts as 1.
    public init(columns: Int, rows: Int) {
      self.columns = max(1, columns)
      self.rows = max(1, rows)
    }
  }

  private var decoder: Decoder
  private var converter: PictureConverter

  /// Opens the decoder.
  public init(_ format: VideoFormat, limits: MediaLimits = .init()) throws(MediaError) {
    decoder = try Decoder(format, limits: limits)
    converter = try PictureConverter()
  }

  /// Decodes a frame and looks at those of its pictures that are wanted.
  /// - Parameters:
  ///   - grids: into what parts they are divided.
  ///   - isWanted: asked with the media time of each picture.
  /// - Throws: ``MediaError/damaged(codec:inARow:code:)`` when too many frames in a row make no sense.
  public func decode(
    _ frame: EncodedFrame, grids: [Grid], isWanted: (Int64) -> Bool
  ) throws(MediaError) -> [Look] {
    var looks: [Look] = []
    try decoder.decode(frame) { (picture: borrowing Frame) throws(MediaError) in
      let source = picture.pointer.pointee
      guard isWanted(source.pts) else { return }
      let size = PictureSize(width: source.width, height: source.height)
      let flat = try self.converter.convert(picture, to: size).pointee
      guard let luma = flat.data.0 else { return }
      let plane = LumaPlane(
        start: UnsafePointer(luma), stride: Int(flat.linesize.0), width: Int(source.width), height: Int(source.height))
      looks.append(
        Look(time: source.pts, width: plane.width, height: plane.height, grids: grids.map { plane.means($0) }))
    }
    return looks
  }
}

/// The luma of a picture, lent.
private struct LumaPlane {
  let start: UnsafePointer<UInt8>
  let stride: Int
  let width, height: Int

  func means(_ grid: PictureProbe.Grid) -> [UInt8] {
    var means: [UInt8] = []
    means.reserveCapacity(grid.columns * grid.rows)
    for row in 0..<grid.rows {
      let rows = Self.part(row, of: grid.rows, length: height)
      for column in 0..<grid.columns {
        means.append(mean(Self.part(column, of: grid.columns, length: width), rows))
      }
    }
    return means
  }

  /// Never empty, also where there are more parts than pixels.
  private static func part(_ index: Int, of count: Int, length: Int) -> Range<Int> {
    let begin = min(index * length / count, max(length - 1, 0))
    return begin..<max(begin + 1, (index + 1) * length / count)
  }

  private func mean(_ columns: Range<Int>, _ rows: Range<Int>) -> UInt8 {
    var sum = 0
    for y in rows {
      let line = start + y * stride
      for x in columns { sum += Int(line[x]) }
    }
    return UInt8(clamping: (sum + columns.count * rows.count / 2) / (columns.count * rows.count))
  }
}
