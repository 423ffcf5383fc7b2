import AMF

/// What a client says in `connect` (spec 7.2.1.1). Every field is the client's word and proves nothing.
public struct ConnectRequest: Sendable, Hashable {
  /// The application, without surrounding slashes and without a query: `live/demo`.
  public var app: String
  /// The address the client connected to, as it stated it.
  public var tcUrl: String?
  /// The query of `tcUrl`, else the one of `app`.
  public var queryItems: [QueryItem]
  /// The player or encoder, `WIN 11,0,1,152`. librtmp sends none.
  public var flashVer: String?
  /// The page that holds the player; nil also when the client says `undefined`.
  public var pageUrl: String?
  /// The SWF that connects.
  public var swfUrl: String?
  /// `nonprivate` of encoders.
  public var type: String?
  /// Bits of the audio codecs the client can decode (SUPPORT_SND_...); nil when not stated.
  public var audioCodecs: UInt32?
  /// Bits of the video codecs the client can decode (SUPPORT_VID_...); nil when not stated.
  public var videoCodecs: UInt32?
  /// 1: the client can seek to exact frames.
  public var videoFunction: UInt32?
  /// Bits; undocumented, 15 or 239 in real clients.
  public var capabilities: UInt32?
  /// Whether the client goes through a proxy.
  public var isProxied: Bool
  /// 0 or 3: the encoding the client wants to speak.
  public var objectEncoding: ObjectEncoding
  /// What follows the command object.
  public var extraArguments: [AMFValue]

  /// AMF version.
  public enum ObjectEncoding: UInt8, Sendable, Hashable {
    /// AMF0, also when not stated.
    case amf0 = 0
    /// AMF3.
    case amf3 = 3
  }

  /// Where an access key may stand, in the order in which it counts: `key` in the query of `tcUrl`, `key` in the query
  /// of the stream's name, the first string argument after the command object.
  public func accessKeyCandidates(streamQueryItems: [QueryItem] = []) -> [String] {
    let fromURL = queryItems.filter { $0.name == "key" }.map(\.value)
    let fromName = streamQueryItems.filter { $0.name == "key" }.map(\.value)
    let fromArguments = extraArguments.lazy.compactMap(\.stringValue).prefix(1)
    return fromURL + fromName + fromArguments
  }

  init(_ command: Command) {
    let object = command.object.objectValue ?? AMFObject(AMFProperties())
    func text(_ key: String) -> String? { object[key]?.stringValue }
    func bits(_ key: String) -> UInt32? { object[key]?.numberValue.flatMap { UInt32(exactly: $0.rounded()) } }

    let (path, appItems) = QueryItem.split(text("app") ?? "")
    app = Self.withoutSurroundingSlashes(path)
    tcUrl = text("tcUrl")
    let urlItems = tcUrl.map { QueryItem.split($0).items } ?? []
    queryItems = urlItems.isEmpty ? appItems : urlItems
    flashVer = text("flashVer")
    pageUrl = text("pageUrl")
    swfUrl = text("swfUrl")
    type = text("type")
    audioCodecs = bits("audioCodecs")
    videoCodecs = bits("videoCodecs")
    videoFunction = bits("videoFunction")
    capabilities = bits("capabilities")
    isProxied = object["fpad"]?.booleanValue ?? false
    objectEncoding = object["objectEncoding"]?.numberValue == 3 ? .amf3 : .amf0
    extraArguments = command.arguments
  }

  private static func withoutSurroundingSlashes(_ path: String) -> String {
    var path = path.drop { $0 == "/" }
    while path.last == "/" { path.removeLast() }
    return String(path)
  }
}
