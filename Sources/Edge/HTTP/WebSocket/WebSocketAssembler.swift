import NIOCore
import NIOWebSocket

/// A rule of RFC 6455 that the peer broke.
enum WebSocketViolation: Error, Hashable, CustomStringConvertible {
  case notMasked
  case reservedBits
  case unknownOpcode(UInt8)
  case binaryMessage
  case continuationOfNothing
  case messageInsideMessage
  case messageTooBig(limit: Int)
  case notUTF8
  case closeFrameOfOneByte
  case closeCode(UInt16)

  var code: WebSocketCloseCode {
    switch self {
    case .binaryMessage: .unacceptableData
    case .messageTooBig: .messageTooBig
    case .notUTF8: .invalidData
    case .notMasked, .reservedBits, .unknownOpcode, .continuationOfNothing, .messageInsideMessage, .closeFrameOfOneByte,
      .closeCode:
      .protocolError
    }
  }

  var description: String {
    switch self {
    case .notMasked: "a client's frame must be masked (RFC 6455, 5.1)"
    case .reservedBits: "reserved bits without an extension (RFC 6455, 5.2)"
    case .unknownOpcode(let opcode): "opcode \(opcode) is not known (RFC 6455, 5.2)"
    case .binaryMessage: "only text is taken here"
    case .continuationOfNothing: "a continuation without a message (RFC 6455, 5.4)"
    case .messageInsideMessage: "a message inside of another (RFC 6455, 5.4)"
    case .messageTooBig(let limit): "a message may have \(limit) bytes"
    case .notUTF8: "the text is not UTF-8 (RFC 6455, 8.1)"
    case .closeFrameOfOneByte: "a close frame with half a code (RFC 6455, 5.5.1)"
    case .closeCode(let code): "close code \(code) may not be sent (RFC 6455, 7.4)"
    }
  }
}

/// Makes messages of a client's frames. Sans-IO.
struct WebSocketAssembler {
  enum Received: Equatable {
    case text(String)
    case ping(ByteBuffer)
    case pong
    case close(code: WebSocketCloseCode, reason: String)
  }

  private enum State {
    case betweenMessages
    case inText(ByteBuffer)
  }

  private let messageBytes: Int
  private var state = State.betweenMessages

  init(messageBytes: Int) {
    self.messageBytes = messageBytes
  }

  /// Takes one frame; nil when it completes nothing.
  mutating func receive(_ frame: WebSocketFrame) throws(WebSocketViolation) -> Received? {
    guard frame.maskKey != nil else { throw .notMasked }
    guard !frame.rsv1, !frame.rsv2, !frame.rsv3 else { throw .reservedBits }
    switch frame.opcode {
    case .text, .binary, .continuation:
      // Before unmasking, which copies.
      try checkLength(of: frame)
      return try receiveData(frame)
    case .ping: return .ping(frame.unmaskedData)
    case .pong: return .pong
    case .connectionClose: return try close(frame.unmaskedData)
    default: throw .unknownOpcode(UInt8(webSocketOpcode: frame.opcode))
    }
  }

  private func checkLength(of frame: WebSocketFrame) throws(WebSocketViolation) {
    let before = if case .inText(let text) = state { text.readableBytes } else { 0 }
    guard before + frame.length <= messageBytes else { throw .messageTooBig(limit: messageBytes) }
  }

  private mutating func receiveData(_ frame: WebSocketFrame) throws(WebSocketViolation) -> Received? {
    var text: ByteBuffer
    switch (state, frame.opcode) {
    case (.betweenMessages, .text):
      text = frame.unmaskedData
    case (.betweenMessages, .binary):
      throw .binaryMessage
    case (.betweenMessages, _):
      throw .continuationOfNothing
    case (.inText(let begun), .continuation):
      // One reference while it grows, so that the bytes are not copied each time.
      state = .betweenMessages
      text = begun
      text.writeImmutableBuffer(frame.unmaskedData)
    case (.inText, _):
      throw .messageInsideMessage
    }
    guard frame.fin else {
      state = .inText(text)
      return nil
    }
    state = .betweenMessages
    guard let message = String(validating: text.readableBytesView, as: UTF8.self) else { throw .notUTF8 }
    return .text(message)
  }

  private func close(_ payload: ByteBuffer) throws(WebSocketViolation) -> Received {
    var payload = payload
    guard payload.readableBytes > 0 else { return .close(code: .noStatus, reason: "") }
    guard let number = payload.readInteger(as: UInt16.self) else { throw .closeFrameOfOneByte }
    let code = WebSocketCloseCode(rawValue: number)
    guard code.isAllowedOnTheWire else { throw .closeCode(number) }
    guard let reason = String(validating: payload.readableBytesView, as: UTF8.self) else { throw .notUTF8 }
    return .close(code: code, reason: reason)
  }
}
