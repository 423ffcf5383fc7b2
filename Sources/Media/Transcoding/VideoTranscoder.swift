import CLibAV

/// Pictures of any codec of the table to VP8: decoder, conversion where needed, encoder.
///
/// Not `Sendable`: it belongs to one worker. The encoder is opened with the first picture and anew when the size
/// changes. Pictures leave in order of presentation with strictly increasing times; see `PictureTimeline`.
public final class VideoTranscoder {
  private var decoder: Decoder
  private var converter: PictureConverter
  private var encoder: VP8Encoder?
  private let latest: Frame
  private var timeline = PictureTimeline()
  private var isKeyFrameWanted = true
  private var bitRate: Int?

  /// Pictures decoded since the start, those only caught up with included.
  public private(set) var decodedPictures = 0

  /// Opens the decoder; the encoder waits for the first picture.
  public init(
    from format: VideoFormat, to target: VideoTarget = .vp8(), limits: MediaLimits = .init()
  ) throws(MediaError) {
    let bitRate: Int? =
      switch target {
      case .vp8(let bitRate): bitRate
      }
    self.bitRate = try bitRate.map { (rate) throws(MediaError) in try Self.checked(rate) }
    self.decoder = try Decoder(format, limits: limits)
    self.converter = try PictureConverter()
    self.latest = try Frame()
  }

  /// Frames that could not be decoded, since the start.
  public var damagedFrames: Int { self.decoder.damaged }

  /// Size of the last decoded picture; nil before the first.
  public var pictureSize: (width: Int, height: Int)? {
    if self.latest.isEmpty { return nil }
    return (Int(self.latest.pointer.pointee.width), Int(self.latest.pointer.pointee.height))
  }

  /// Makes the next picture a key frame.
  public func requestKeyFrame() { self.isKeyFrameWanted = true }

  /// Changes the bit rate from the next picture on, 30 000 to 20 000 000 bit/s; nil follows the picture size.
  ///
  /// libavcodec cannot steer a running libvpx: a change of more than a tenth opens a new encoder, which costs a key
  /// frame, a smaller one is left alone.
  public func setBitRate(_ bitRate: Int?) throws(MediaError) {
    self.bitRate = try bitRate.map { (rate) throws(MediaError) in try Self.checked(rate) }
  }

  /// Transcodes one frame; `emit` is called once for each picture that comes out.
  ///
  /// Throws `MediaError.damaged` when too many frames in a row make no sense; one bad frame is only counted.
  public func push(_ frame: EncodedFrame, emit: (EncodedFrame) -> Void) throws(MediaError) {
    try self.decoder.decode(frame) { (picture: borrowing Frame) throws(MediaError) in
      self.keep(picture)
      try self.encodeLatest(at: self.latest.pointer.pointee.pts, emit)
    }
  }

  /// Decodes one frame without encoding: the way through a cached group of pictures when a listener joins.
  ///
  /// Afterwards `encodeLatestPicture` shows where the speaker is now.
  public func catchUp(_ frame: EncodedFrame) throws(MediaError) {
    try self.decoder.decode(frame) { (picture: borrowing Frame) throws(MediaError) in self.keep(picture) }
  }

  /// Encodes the last decoded picture as a key frame, again if it was encoded before; nothing before the first.
  ///
  /// `time` is its media time in microseconds; nil keeps the picture's own.
  public func encodeLatestPicture(at time: Int64? = nil, emit: (EncodedFrame) -> Void) throws(MediaError) {
    if self.latest.isEmpty { return }
    self.isKeyFrameWanted = true
    try self.encodeLatest(at: time ?? self.latest.pointer.pointee.pts, emit)
  }

  /// Hands over the pictures that the decoder holds back for reordering; nothing can be pushed afterwards.
  public func finish(emit: (EncodedFrame) -> Void) throws(MediaError) {
    try self.decoder.finish { (picture: borrowing Frame) throws(MediaError) in
      self.keep(picture)
      try self.encodeLatest(at: self.latest.pointer.pointee.pts, emit)
    }
  }

  private func keep(_ picture: borrowing Frame) {
    self.decodedPictures += 1
    self.latest.take(from: picture)
  }

  private func encodeLatest(at time: Int64, _ emit: (EncodedFrame) -> Void) throws(MediaError) {
    let size = (self.latest.pointer.pointee.width, self.latest.pointer.pointee.height)
    let own = self.latest.pointer.pointee.pts
    let picture = PictureConverter.fits(self.latest) ? self.latest.pointer : try self.converter.convert(self.latest)
    let placed = self.timeline.place(time)
    try self.openEncoder(size, at: placed)
    try self.encoder?.encode(picture, at: placed, asKeyFrame: self.isKeyFrameWanted, emit: emit)
    self.isKeyFrameWanted = false
    self.latest.pointer.pointee.pts = own
  }

  private func openEncoder(_ size: (Int32, Int32), at time: Int64) throws(MediaError) {
    let rate = self.bitRate ?? VP8Encoder.bitRate(width: size.0, height: size.1)
    let fits: Bool
    switch self.encoder {
    case .some(let encoder):
      fits = encoder.width == size.0 && encoder.height == size.1 && abs(encoder.bitRate - rate) * 10 <= rate
    case .none: fits = false
    }
    if fits { return }
    self.encoder = nil
    self.encoder = try VP8Encoder(width: size.0, height: size.1, bitRate: rate, origin: time)
  }

  private static func checked(_ bitRate: Int) throws(MediaError) -> Int {
    guard (30_000...20_000_000).contains(bitRate) else {
      throw .formatOutOfRange(field: "bit rate", value: bitRate)
    }
    return bitRate
  }
}
