import AMF
import NIOCore
import RTMP

/// A publisher's way from the first byte to the consent, without a socket.
public struct PublishingClient: Sendable {
  /// How far it has come.
  public enum State: Sendable, Equatable {
    case connecting
    case publishing(streamID: UInt32)
    case refused
  }

  /// Where it stands.
  public private(set) var state = State.connecting
  /// For what goes out once it publishes.
  public var session: ClientSession
  private let name: String

  /// - Parameters:
  ///   - app: with the room, as `live/demo`.
  ///   - name: the participant.
  public init(
    app: String, name: String, chunkSize: UInt32 = 4096, random: inout some RandomNumberGenerator, now: NIODeadline
  ) {
    self.name = name
    self.session = ClientSession(
      connect: ConnectParameters(app: app, tcUrl: "rtmp://127.0.0.1/\(app)"), chunkSize: chunkSize, random: &random,
      now: now)
  }

  /// Takes what the server said and goes on from there.
  public mutating func receive(_ bytes: inout ByteBuffer, at now: NIODeadline) throws {
    try self.session.receive(&bytes, at: now)
    while let event = self.session.next() {
      switch event {
      case .connected: try self.session.createStream()
      case .streamCreated(let id): try self.session.publish(self.name, streamID: id)
      case .status(let id, let status):
        self.state = status.code == .publishStart ? .publishing(streamID: id) : .refused
      case .connectRefused, .callFailed: self.state = .refused
      default: break
      }
    }
  }

  /// Everything to be sent now.
  public mutating func output() -> ByteBuffer? { self.session.output() }
}
