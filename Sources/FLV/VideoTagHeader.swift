import NIOCore

/// The first byte, or five, of a video message: kind of picture, codec, and for AVC the kind of body and its time.
///
/// Source: Adobe Flash Video File Format 10.1, E.4.3.1.
public struct VideoTagHeader: Sendable, Hashable {
  /// The kind of picture.
  public var frameType: VideoFrameType
  /// The codec.
  public var codec: VideoCodecID
  /// What an AVC body is; `nil` for other codecs and for ``VideoFrameType/infoOrCommand``.
  public var avcPacketType: AVCPacketType?
  /// Milliseconds from decoding to showing, -2^23 ..< 2^23; 0 unless AVC. Others are cut to 24 bits when written.
  public var compositionTime: Int32

  /// A header. An AVC picture without a packet type is written as NAL units.
  public init(
    frameType: VideoFrameType, codec: VideoCodecID, avcPacketType: AVCPacketType? = nil, compositionTime: Int32 = 0
  ) {
    self.frameType = frameType
    self.codec = codec
    self.avcPacketType = avcPacketType
    self.compositionTime = compositionTime
  }

  /// Whether the picture can be decoded by itself.
  public var isKeyFrame: Bool { frameType == .keyFrame || frameType == .generatedKeyFrame }

  /// Takes the header from the front of a message's body; on an error the buffer is as before.
  ///
  /// A command (frame type 5) has no AVC fields here even if its codec says AVC: servers send two bytes in all.
  public static func read(from buffer: inout ByteBuffer) throws(FLVError) -> VideoTagHeader {
    var rest = buffer
    guard let byte = rest.readInteger(as: UInt8.self) else {
      throw .truncated(.videoTagHeader, needed: 1, available: 0)
    }
    guard byte < 0x80 else { throw .enhancedVideoHeader(firstByte: byte) }
    guard let frameType = VideoFrameType(rawValue: byte >> 4) else { throw .unknownFrameType(byte >> 4) }
    guard let codec = VideoCodecID(rawValue: byte & 0x0F) else { throw .unknownVideoCodec(byte & 0x0F) }
    var header = VideoTagHeader(frameType: frameType, codec: codec)
    if header.hasAVCFields {
      guard let fields = rest.readInteger(as: UInt32.self) else {
        throw .truncated(.videoTagHeader, needed: 5, available: buffer.readableBytes)
      }
      let type = UInt8(fields >> 24)
      guard let packetType = AVCPacketType(rawValue: type) else { throw .unknownAVCPacketType(type) }
      header.avcPacketType = packetType
      header.compositionTime = Int32(bitPattern: fields << 8) >> 8
    }
    buffer = rest
    return header
  }

  /// Appends the header.
  public func write(into buffer: inout ByteBuffer) {
    buffer.writeInteger(frameType.rawValue << 4 | codec.rawValue)
    if hasAVCFields {
      let type = UInt32((avcPacketType ?? .nalUnits).rawValue)
      buffer.writeInteger(type << 24 | UInt32(bitPattern: compositionTime) & 0xFF_FFFF)
    }
  }

  private var hasAVCFields: Bool { codec == .avc && frameType != .infoOrCommand }
}
