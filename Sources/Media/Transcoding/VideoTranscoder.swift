import CLibAV

/// Pictures of any codec of the table to VP8 or H.264: decoder, conversion where needed, encoder.
///
/// Not `Sendable`: it belongs to one worker. The encoder is opened with the first picture and anew when the size
/// changes. Pictures leave in order of presentation with strictly increasing times; see `PictureTimeline`.
public final class VideoTranscoder {
  private var decoder: Decoder
  private var converter: PictureConverter
  private var encoder: PictureEncoder?
  private let latest: Frame
  private var timeline = PictureTimeline()
  private var isKeyFrameWanted = true
  private var target: VideoTarget
  private var thinner: PictureThinner

  /// Pictures decoded since the start, those only caught up with included.
  public private(set) var decodedPictures = 0

  /// Opens the decoder; the encoder waits for the first picture.
  public init(
    from format: VideoFormat, to target: VideoTarget = .vp8(), limits: MediaLimits = .init()
  ) throws(MediaError) {
    try target.check()
    self.target = target
    self.thinner = PictureThinner(pictureRate: target.pictureRate)
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

  /// Aims at another bit rate from the next picture on, 30 000 to 20 000 000 bit/s; nil follows the picture size.
  ///
  /// The running encoder is steered: it costs neither a key frame nor a pause.
  public func setTargetBitRate(_ bitRate: Int?) throws(MediaError) {
    if let bitRate { try VideoTarget.check(bitRate: bitRate) }
    self.target.bitRate = bitRate
    guard let encoder = self.encoder else { return }
    try encoder.setTargetBitRate(bitRate ?? PictureEncoder.bitRate(for: encoder.size))
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
    guard let time else { return try self.encodeLatest(at: self.latest.pointer.pointee.pts, emit) }
    try self.repeatLatestPicture(at: time, emit: emit)
  }

  /// Encodes the last decoded picture once more, as what has changed since it was encoded last; nothing before the first.
  ///
  /// `time` is where media time is by now, in microseconds: pictures that come later and yet are of an earlier time, for
  /// they were held up, follow it without a new beginning.
  public func repeatLatestPicture(at time: Int64, emit: (EncodedFrame) -> Void) throws(MediaError) {
    if self.latest.isEmpty { return }
    try self.encodeLatest(placedAt: self.timeline.placeAgain(time, of: self.latest.pointer.pointee.pts), emit)
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
    guard self.thinner.takes(time, mustPass: self.isKeyFrameWanted) else { return }
    try self.encodeLatest(placedAt: self.timeline.place(time), emit)
  }

  private func encodeLatest(placedAt placed: Int64, _ emit: (EncodedFrame) -> Void) throws(MediaError) {
    let own = self.latest.pointer.pointee.pts
    let size = PictureSize(width: self.latest.pointer.pointee.width, height: self.latest.pointer.pointee.height)
      .reduced(for: self.target)
    let picture = try self.converter.convert(self.latest, to: size)
    try self.encoder(for: size, at: placed).encode(picture, at: placed, asKeyFrame: self.isKeyFrameWanted, emit: emit)
    self.isKeyFrameWanted = false
    self.latest.pointer.pointee.pts = own
  }

  /// The encoder for pictures of that size, opened anew when the size changed.
  private func encoder(for size: PictureSize, at time: Int64) throws(MediaError) -> PictureEncoder {
    if let encoder = self.encoder, encoder.size == size { return encoder }
    // Two encoders at once would be two encoders' memory.
    self.encoder = nil
    let rate = self.target.bitRate ?? PictureEncoder.bitRate(for: size)
    let encoder = try PictureEncoder(self.target.codec, size: size, bitRate: rate, origin: time)
    self.encoder = encoder
    return encoder
  }
}
