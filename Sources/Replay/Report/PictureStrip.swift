/// The first picture of each second: the golden result's blocks above what is at hand.
struct PictureStrip {
  private let label: String
  private let expected: [Int64: PictureFingerprint]
  private let got: [Int64: PictureFingerprint]
  private let thumbnails: [Int64: Thumbnail]
  private let differing: Set<Int64>
  private let seconds: [Int64]
  private let isCut: Bool

  /// Seconds that are shown: those around the first that differs, where it is not among the first.
  private static let most = 24

  /// Nil where there are no decoded pictures.
  init?(
    label: String, expected: [Fingerprint], got: [Fingerprint], thumbnails: [Thumbnail], differing: Set<Int64>
  ) {
    self.label = label
    self.expected = Self.pictures(expected)
    self.got = Self.pictures(got)
    self.thumbnails = Dictionary(thumbnails.map { ($0.second, $0) }) { first, _ in first }
    self.differing = differing
    let all = Set(self.expected.keys).union(self.got.keys).sorted()
    if all.isEmpty { return nil }
    let first = all.firstIndex { differing.contains($0) } ?? 0
    let begin = first < Self.most ? 0 : first - Self.most / 2
    seconds = Array(all[begin...].prefix(Self.most))
    isCut = seconds.count < all.count
  }

  private static func pictures(_ fingerprints: [Fingerprint]) -> [Int64: PictureFingerprint] {
    var pictures: [Int64: PictureFingerprint] = [:]
    for fingerprint in fingerprints {
      if case .picture(let picture) = fingerprint.content { pictures[fingerprint.second] = picture }
    }
    return pictures
  }

  var markup: Markup {
    var rows: [Markup] = []
    if !expected.isEmpty { rows.append(row("Expected", expected, [:])) }
    rows.append(row("Got", got, thumbnails))
    let caption = "First picture of each second of \(label)" + (isCut ? ", some of them" : "")
    let head = ["Second"] + seconds.map { "\($0)" }
    let table = ReportTable.markup(caption: caption, head: head, rows: rows)
    return ReportTable.scrolling(caption, .element("div", [("class", "strip")], [table]))
  }

  private func row(
    _ title: String, _ pictures: [Int64: PictureFingerprint], _ thumbnails: [Int64: Thumbnail]
  ) -> Markup {
    let cells = seconds.map { second in
      let differs = differing.contains(second) && title == "Got"
      let picture = pictures[second].flatMap { picture in
        ReportPicture.image(
          picture, thumbnail: thumbnails[second], height: 48,
          label: "\(title), second \(second), \(picture.width)x\(picture.height)\(differs ? ", differs" : "")")
      }
      let attributes = [("class", differs ? "picture differs" : "picture")]
      return picture.map { Markup.element("td", attributes, [$0]) } ?? .element("td", attributes, "none")
    }
    return .element("tr", [.element("th", [("scope", "row")], title)] + cells)
  }
}

/// Pictures of a report.
enum ReportPicture {
  /// A picture as its thumbnail, or as its blocks where there is none; as wide as its size says.
  static func image(_ picture: PictureFingerprint, thumbnail: Thumbnail?, height: Int, label: String) -> Markup? {
    let small = thumbnail.flatMap { GrayPNG(width: $0.width, luma: $0.luma) }
    guard let png = small ?? GrayPNG(width: PictureFingerprint.side, luma: picture.luma) else { return nil }
    let ratio = picture.height > 0 ? Double(picture.width) / Double(picture.height) : 1
    let width = Int((Double(height) * min(max(ratio, 0.2), 5)).rounded())
    return .element(
      "img",
      [
        ("src", png.dataURL), ("alt", label), ("width", "\(width)"), ("height", "\(height)"),
        ("class", small == nil ? "blocks" : "thumbnail"),
      ], [])
  }
}
