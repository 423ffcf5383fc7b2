import AMF
import NIOCore

/// A data message (spec 7.1.2): types 18 (AMF0) and 15 (AMF3), without what is only for the server.
///
/// An encoder sends `@setDataFrame`, `onMetaData`, values: the server is to keep what follows the first name and hand it
/// to whoever joins.
struct DataMessage: Sendable, Hashable {
  /// The handler's name, `onMetaData` most of all; nil when the values are not AMF.
  let handler: String?
  /// The values of `onMetaData`; nil for other handlers, and when they are not AMF. That is no error: metadata is advice
  /// and damaged in many encoders.
  let metadata: AMFValue?
  /// From the handler's name on.
  let body: ByteBuffer

  /// Reads `message`; nil when it is no data message.
  init?(_ message: Message) {
    guard message.type == .dataAMF0 || message.type == .dataAMF3 else { return nil }
    var rest = message.body
    let encoding = Command.Encoding.read(&rest, isAMF3: message.type == .dataAMF3)
    var values = Values(encoding: encoding, rest: rest)
    var name = values.next()?.stringValue
    if name == Self.keepCommand {
      rest = values.rest
      name = values.next()?.stringValue
    }
    handler = name
    body = rest
    following = values
    metadata = name == Self.metadataHandler ? values.next() : nil
  }

  /// What follows the handler's name, as far as it is AMF, for those who look on; a server hands it on unread.
  var arguments: [AMFValue] {
    var (values, rest) = ([AMFValue](), following)
    while values.count < Self.mostArguments, let value = rest.next() { values.append(value) }
    return values
  }

  private let following: Values

  private static let keepCommand = "@setDataFrame"
  private static let metadataHandler = "onMetaData"
  private static let mostArguments = 64

  private struct Values: Hashable {
    let encoding: Command.Encoding
    var rest: ByteBuffer

    mutating func next() -> AMFValue? {
      do throws(AMFError) {
        switch encoding {
        case .amf0:
          var decoder = AMF0Decoder()
          return try decoder.decode(&rest)
        case .amf3:
          var decoder = AMF3Decoder()
          return try decoder.decode(&rest)
        }
      } catch {
        return nil
      }
    }
  }
}
