/// The first second whose picture is not the golden one: both, and where they part.
struct FirstDifferingPicture {
  private let difference: ResultDifference
  private let second: Int64
  private let expected: PictureFingerprint?
  private let got: PictureFingerprint?
  private let thumbnail: Thumbnail?

  /// Nil when no decoded picture differs.
  init?(_ session: SessionOutcome) {
    for difference in session.differences {
      guard case .fingerprint(let id, let codec, let second) = difference.subject, id.kind == .video else { continue }
      let expected = session.golden?.picture(of: id, codec: codec, second: second)
      let got = session.result.picture(of: id, codec: codec, second: second)
      guard expected != nil || got != nil else { continue }
      self.difference = difference
      self.second = second
      self.expected = expected
      self.got = got
      thumbnail = session.thumbnails.first { $0.track == id && $0.codec == codec && $0.second == second }
      return
    }
    return nil
  }

  var markup: Markup {
    let place = ReportText.place(difference.place)
    let origin = place.packet.isEmpty ? "" : ", from packet \(place.packet) on, \(place.time) into the capture"
    return .element(
      "section",
      [
        .element("h4", [], "First differing picture"),
        .element("p", [], "It is \(difference.location)\(origin).\(distance)"),
        .element("div", [("class", "beside")], figures),
      ])
  }

  private var distance: String {
    guard let expected, let got else { return "" }
    guard expected.width == got.width, expected.height == got.height else {
      return " The size is \(got.width)x\(got.height) instead of \(expected.width)x\(expected.height)."
    }
    let (mean, largest) = expected.distance(to: got)
    return " Blocks differ by \(ReportText.coordinate(mean)) of 255 on average, and by \(largest) at most."
  }

  private var figures: [Markup] {
    var figures = [
      figure("Expected, in 8 by 8 blocks", expected, nil),
      figure("Got, in 8 by 8 blocks", got, nil),
    ]
    if thumbnail != nil { figures.append(figure("Got, as receivers saw it", got, thumbnail)) }
    if let expected, let got, let both = Self.steps(expected, got) {
      figures.append(figure("Difference of each block, the brighter the larger", both, nil))
    }
    return figures
  }

  private func figure(_ title: String, _ picture: PictureFingerprint?, _ thumbnail: Thumbnail?) -> Markup {
    let image = picture.flatMap { ReportPicture.image($0, thumbnail: thumbnail, height: 144, label: title) }
    return .element("figure", [image ?? .element("p", [], "No picture."), .element("figcaption", [], title)])
  }

  private static func steps(_ mine: PictureFingerprint, _ theirs: PictureFingerprint) -> PictureFingerprint? {
    let steps = zip(mine.luma, theirs.luma).map { UInt8(clamping: abs(Int($0) - Int($1))) }
    return PictureFingerprint(width: theirs.width, height: theirs.height, luma: steps)
  }
}

extension SessionResult {
  /// The decoded picture of that second; nil where there is none.
  func picture(of id: TrackResult.ID, codec: String, second: Int64) -> PictureFingerprint? {
    let output = tracks?.first { $0.id == id }?.outputs.first { $0.codec == codec }
    guard case .picture(let picture)? = output?.fingerprints.first(where: { $0.second == second })?.content else {
      return nil
    }
    return picture
  }
}
