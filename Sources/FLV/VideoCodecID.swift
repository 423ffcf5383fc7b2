/// The codec of a video tag.
///
/// Source: Adobe Flash Video File Format 10.1, E.4.3.1; 1, 8 and 9 are named by players and by Adobe's older editions.
public enum VideoCodecID: UInt8, Sendable, Hashable, CaseIterable {
  /// JPEG, never used.
  case jpeg = 1
  /// Sorenson H.263, called FLV1.
  case sorensonH263 = 2
  /// Screen video, version 1.
  case screenVideo = 3
  /// On2 VP6. The body starts with a byte of adjustments, before the frame.
  case vp6 = 4
  /// On2 VP6 with an alpha plane.
  case vp6Alpha = 5
  /// Screen video, version 2.
  case screenVideo2 = 6
  /// AVC, that is H.264.
  case avc = 7
  /// ITU H.263.
  case h263 = 8
  /// MPEG-4 part 2.
  case mpeg4Part2 = 9
}

/// What kind of picture a video tag has (E.4.3.1).
public enum VideoFrameType: UInt8, Sendable, Hashable, CaseIterable {
  /// Decodable by itself (for AVC: seekable).
  case keyFrame = 1
  /// Needs earlier pictures.
  case interFrame = 2
  /// Needs earlier pictures and none needs it (H.263 only).
  case disposableInterFrame = 3
  /// A key frame that a server made.
  case generatedKeyFrame = 4
  /// No picture: one byte that starts (0) or ends (1) a seek at the client.
  case infoOrCommand = 5
}

/// What the body of an AVC tag is (E.4.3.1).
public enum AVCPacketType: UInt8, Sendable, Hashable, CaseIterable {
  /// An ``AVCDecoderConfiguration``.
  case sequenceHeader = 0
  /// NAL units, each behind its length.
  case nalUnits = 1
  /// The end of the sequence; nothing follows.
  case endOfSequence = 2
}
