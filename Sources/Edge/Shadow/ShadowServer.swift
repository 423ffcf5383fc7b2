import RTMP

/// An old server that goes on serving the clients of a room while they come by the gateway.
public struct ShadowServer: Sendable, Hashable {
  /// A name or an address, without brackets.
  public var host: String
  /// Its TCP port.
  public var port: Int
  /// Whether it is spoken to by RTMPS; its certificate must then be good for `host`.
  public var usesTLS: Bool
  /// The application as it knows it; nil: as the client says.
  public var app: String?

  /// A server from its parts.
  public init(host: String, port: Int, usesTLS: Bool = false, app: String? = nil) {
    self.host = host
    self.port = port
    self.usesTLS = usesTLS
    self.app = app
  }

  /// What `connect` says to it instead of the words of a client that asks for `app`; nil: these words fit.
  func address(for app: String) -> ForwardedAddress? {
    guard let own = self.app, own != app.prefix(while: { $0 != "?" }) else { return nil }
    return ForwardedAddress(app: own, url: "\(usesTLS ? "rtmps" : "rtmp")://\(authority)/\(own)")
  }

  /// `HOST`, or `HOST:PORT` if the port is not the scheme's own.
  private var authority: String {
    let name = host.contains(":") ? "[\(host)]" : host
    return port == (usesTLS ? 443 : 1935) ? name : "\(name):\(port)"
  }
}

/// Which rooms have an old server, and to which one a client belongs that has said no more than its `connect`.
public struct ShadowServers: Sendable {
  private let servers: [String: ShadowServer]

  /// Servers by the names of their rooms.
  public init(_ servers: [String: ShadowServer]) { self.servers = servers }

  /// Whether any room has one.
  public var isEmpty: Bool { servers.isEmpty }

  /// Whether that room has one.
  func has(_ room: String) -> Bool { servers[room] != nil }

  /// The rooms that have this one.
  func rooms(of server: ShadowServer) -> [String] { servers.filter { $0.value == server }.map(\.key) }

  /// Where a client belongs.
  struct Choice: Sendable, Hashable {
    let server: ShadowServer
    /// Nil if only the name of a stream will tell.
    let room: String?
    /// The application in the client's words.
    let app: String
  }

  /// The server behind a client's application, and the room if the application names it.
  ///
  /// `APP/ROOM` names a room. One word is a room of that name, or else the application of an old server whose streams
  /// are called `ROOM/NAME`; it must be the same server for all rooms that it could be.
  func server(ofApp app: String) -> Choice? {
    if let room = RoomAddress.room(ofApp: app) { return servers[room].map { Choice(server: $0, room: room, app: app) } }
    let word = String(app.prefix { $0 != "?" }.drop { $0 == "/" }.prefix { $0 != "/" })
    if let server = servers[word] { return Choice(server: server, room: word, app: app) }
    let candidates = Set(servers.values.filter { $0.app == word })
    return candidates.count == 1 ? candidates.first.map { Choice(server: $0, room: nil, app: app) } : nil
  }
}
