import Glibc
import NIOCore
import NIOPosix
import NIOSSL
import NIOTLS
import RTMP
import Synchronization

/// One way, gone to its end. What is found is kept as it is found, for a visit may be broken off.
final class Visit: Sendable {
  let way: Way
  let url: LegacyURL
  private let group: any EventLoopGroup
  private let state: Mutex<Finding>

  init(way: Way, url: LegacyURL, group: any EventLoopGroup) {
    self.way = way
    self.url = url
    self.group = group
    state = Mutex(Finding(way))
  }

  var finding: Finding { state.withLock { $0 } }

  func note(_ change: (inout Finding) -> Void) { state.withLock { change(&$0) } }

  func run() async {
    do {
      if way.kind.isTunnelled {
        try await TunnelVisit(self).run()
      } else {
        try await SocketVisit(self).run()
      }
    } catch is CancellationError {
      return
    } catch {
      note { finding in
        if finding.problem == nil { finding.problem = Self.words(for: error) }
      }
    }
  }

  /// Connects, through TLS where the way has it, and gives the channel its last handlers.
  func connect<Output: Sendable>(
    _ initialize: @escaping @Sendable (any Channel) throws -> Output
  ) async throws -> Output {
    let begin = NIODeadline.now()
    let tls = way.kind.isInTLS ? try Self.tls() : nil
    let host = url.host
    let output = try await ClientBootstrap(group: group)
      .connectTimeout(.seconds(10))
      .channelOption(.tcpOption(.tcp_nodelay), value: 1)
      .connect(host: host, port: way.port) { channel in
        channel.eventLoop.makeCompletedFuture {
          if let tls {
            let name = (try? SocketAddress(ipAddress: host, port: 0)) == nil ? host : nil
            try channel.pipeline.syncOperations.addHandler(NIOSSLClientHandler(context: tls, serverHostname: name))
            try channel.pipeline.syncOperations.addHandler(TLSVersionHandler(self))
          }
          return try initialize(channel)
        }
      }
    let took = Self.milliseconds(since: begin)
    note {
      $0.stage = max($0.stage, .connected)
      $0.connectMilliseconds = took
    }
    return output
  }

  func makeSession() -> ClientSession {
    var random = SystemRandomNumberGenerator()
    let parameters = ConnectParameters(
      app: url.app, tcUrl: url.tcURL(scheme: way.kind.rawValue, port: way.port), flashVer: "WIN 32,0,0,465")
    return ClientSession(connect: parameters, handshake: way.kind.handshake, random: &random, now: .now())
  }

  /// Takes what the server said; true once its answer to `connect` is there.
  func take(_ session: inout ClientSession) -> Bool {
    while let event = session.next() {
      switch event {
      case .connected:
        note { $0.stage = .accepted }
        return true
      case .connectRefused(let status):
        note {
          $0.stage = .refused
          $0.problem = status.description
        }
        return true
      default: break
      }
    }
    return false
  }

  static func milliseconds(since begin: NIODeadline) -> Double {
    Double((NIODeadline.now() - begin).nanoseconds) / 1e6
  }

  /// The way is tried, not the certificate: players of old asked their users, and so may an operator.
  private static func tls() throws -> NIOSSLContext {
    var configuration = TLSConfiguration.makeClientConfiguration()
    configuration.certificateVerification = .none
    configuration.minimumTLSVersion = .tlsv1
    return try NIOSSLContext(configuration: configuration)
  }

  private static func words(for error: any Error) -> String {
    switch error {
    case let error as NIOConnectionError:
      error.connectionErrors.first.map { words(for: $0.error) } ?? "the name leads to no address"
    case let error as IOError: String(cString: strerror(error.errnoCode))
    case is NIOSSLError, is BoringSSLError: "no TLS here: \(error)"
    case let error as RTMPError: "no RTMP here: \(error)"
    case let error as Unanswered: error.description
    case ChannelError.connectTimeout: "no answer to the connection"
    default: "\(error)"
    }
  }
}

extension Way.Kind {
  /// A player's, whose handshakes carry digests.
  fileprivate var handshake: ClientSession.HandshakeKind {
    switch self {
    case .rtmpe, .rtmpte: .encrypted
    case .rtmp, .rtmpt, .rtmps, .rtmpts: .digestOne
    }
  }
}

/// The server ended the conversation, or spoke something else.
struct Unanswered: Error, CustomStringConvertible {
  let description: String

  static let closed = Unanswered(description: "closed by the server without an answer")
}

/// Notes the version of TLS once its handshake is done.
private final class TLSVersionHandler: ChannelInboundHandler {
  typealias InboundIn = ByteBuffer

  private let visit: Visit

  init(_ visit: Visit) { self.visit = visit }

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    if case TLSUserEvent.handshakeCompleted? = event as? TLSUserEvent {
      let version = try? context.channel.pipeline.syncOperations.nioSSL_tlsVersion()
      visit.note { $0.tls = version.flatMap { $0 }.map(Self.name) ?? "yes" }
    }
    context.fireUserInboundEventTriggered(event)
  }

  private static func name(_ version: TLSVersion) -> String {
    switch version {
    case .tlsv1: "1.0"
    case .tlsv11: "1.1"
    case .tlsv12: "1.2"
    case .tlsv13: "1.3"
    }
  }
}
