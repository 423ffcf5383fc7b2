import NIOCore

/// What a tag of an FLV file carries. The numbers are those of RTMP's message types.
///
/// Source: Adobe Flash Video File Format 10.1, E.4.1.
public enum FLVTagType: UInt8, Sendable, Hashable, CaseIterable {
  /// Sound: an ``AudioTagHeader`` and its data.
  case audio = 8
  /// Pictures: a ``VideoTagHeader`` and its data.
  case video = 9
  /// AMF0 values: a name such as `onMetaData` and its arguments.
  case scriptData = 18
}

/// One tag of an FLV file: what one RTMP message is on the wire.
public struct FLVTag: Sendable, Hashable {
  /// The most bytes a body can have.
  public static let maximumBodySize = 0xFF_FFFF

  /// What the body is.
  public var type: FLVTagType
  /// Milliseconds, all 32 bits.
  public var timestamp: UInt32
  /// The body, at most ``maximumBodySize`` bytes.
  public var body: ByteBuffer

  /// A tag.
  public init(type: FLVTagType, timestamp: UInt32, body: ByteBuffer) {
    self.type = type
    self.timestamp = timestamp
    self.body = body
  }
}
