import FLV
import NIOCore
import RTMP

/// The sound or the pictures of one message stream in one direction, as they came.
struct TrackSummary {
  let side: SessionTrace.Side
  let streamID: UInt32
  let kind: MediaMessage.Kind
  /// Codecs in the order of their first frame.
  private(set) var codecs: [String] = []
  /// Messages with a frame; configurations and empty bodies not counted.
  private(set) var frames = 0
  private(set) var keyFrames = 0
  private(set) var bytes = 0
  /// Milliseconds, of frames.
  private(set) var first: Int64?
  private(set) var last: Int64?
  private(set) var largestGap: Int64 = 0
  private var isConfigured = false
  private var isReordered = false

  init(side: SessionTrace.Side, streamID: UInt32, kind: MediaMessage.Kind) {
    self.side = side
    self.streamID = streamID
    self.kind = kind
  }

  var name: String { kind == .audio ? "audio" : "video" }

  /// Bits a second over the time line; 0 for less than two frames.
  var bitRate: Int {
    guard let first, let last, last > first else { return 0 }
    return Int(Int64(bytes) * 8000 / (last - first))
  }

  /// Takes a message in and returns what is wrong with it.
  mutating func take(_ message: MediaMessage) -> [Finding.Rule] {
    guard message.body.readableBytes > 0 else { return [] }
    var findings: [Finding.Rule] = []
    do throws(FLVError) {
      let isFrame =
        kind == .audio ? try takeSound(message, &findings) : try takePicture(message, &findings)
      guard isFrame else { return findings }
    } catch {
      return [.damagedMedia(kind: name, "\(error)")]
    }
    if let last, message.timestamp < last {
      findings.append(.backwards(kind: name, from: last, to: message.timestamp))
    } else if let last {
      largestGap = max(largestGap, message.timestamp - last)
    }
    frames += 1
    bytes += message.body.readableBytes
    first = first ?? message.timestamp
    last = message.timestamp
    return findings
  }

  private mutating func takeSound(_ message: MediaMessage, _ findings: inout [Finding.Rule]) throws(FLVError) -> Bool {
    var body = message.body
    let header = try AudioTagHeader.read(from: &body)
    note("\(header.soundFormat)")
    if let real = header.effectiveSampleRate, real != header.sampleRate, header.soundFormat == .speex {
      findings.append(.wrongRate(codec: "speex", stated: header.sampleRate, real: real))
    }
    switch header.aacPacketType {
    case .sequenceHeader:
      isConfigured = true
      return false
    case .raw where !isConfigured: findings.append(.configurationMissing(codec: "aac"))
    case .raw, nil: break
    }
    return true
  }

  private mutating func takePicture(_ message: MediaMessage, _ findings: inout [Finding.Rule]) throws(FLVError) -> Bool
  {
    var body = message.body
    let header = try VideoTagHeader.read(from: &body)
    guard header.frameType != .infoOrCommand else { return false }
    note("\(header.codec)")
    switch header.avcPacketType {
    case .sequenceHeader:
      isConfigured = true
      return false
    case .endOfSequence: return false
    case .nalUnits where !isConfigured: findings.append(.configurationMissing(codec: "avc"))
    case .nalUnits, nil: break
    }
    if header.compositionTime != 0, !isReordered {
      isReordered = true
      findings.append(.reordered)
    }
    if header.isKeyFrame { keyFrames += 1 }
    return true
  }

  private mutating func note(_ codec: String) {
    if !codecs.contains(codec) { codecs.append(codec) }
  }
}
