import NIOCore

/// One whole message as the chunk streams carry it (spec 6.1): the header's fields and the body.
struct Message: Sendable, Hashable {
  var type: MessageType
  /// 0 for messages about the connection itself.
  var streamID: UInt32
  /// The wire's 32-bit millisecond clock; `TimestampUnwrapper` widens it.
  var timestamp: UInt32
  /// The chunk stream it came on or goes out on. Means nothing beyond the chunk layer.
  var chunkStream: Int
  var body: ByteBuffer

  init(type: MessageType, streamID: UInt32 = 0, timestamp: UInt32 = 0, chunkStream: Int, body: ByteBuffer) {
    self.type = type
    self.streamID = streamID
    self.timestamp = timestamp
    self.chunkStream = chunkStream
    self.body = body
  }
}

/// Message types (spec 5.4, 7.1). Open: unknown ones are passed over.
struct MessageType: RawRepresentable, Sendable, Hashable {
  var rawValue: UInt8

  static let setChunkSize = Self(rawValue: 1)
  static let abort = Self(rawValue: 2)
  static let acknowledgement = Self(rawValue: 3)
  static let userControl = Self(rawValue: 4)
  static let windowAcknowledgementSize = Self(rawValue: 5)
  static let setPeerBandwidth = Self(rawValue: 6)
  static let audio = Self(rawValue: 8)
  static let video = Self(rawValue: 9)
  static let dataAMF3 = Self(rawValue: 15)
  static let sharedObjectAMF3 = Self(rawValue: 16)
  static let commandAMF3 = Self(rawValue: 17)
  static let dataAMF0 = Self(rawValue: 18)
  static let sharedObjectAMF0 = Self(rawValue: 19)
  static let commandAMF0 = Self(rawValue: 20)
  static let aggregate = Self(rawValue: 22)
}

/// Chunk streams we send on. Any would do; these are the ones clients are used to.
enum OutgoingChunkStream {
  /// Protocol control must go here (spec 5.4).
  static let control = 2
  static let command = 3
  static let audio = 4
  static let data = 4
  static let status = 5
  static let video = 6
  static let streamCommand = 8
}
