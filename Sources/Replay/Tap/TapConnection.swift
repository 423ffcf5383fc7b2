import Glibc
import NIOCore
import NIOPosix

/// One client's connection and the one behind it. Confined to the event loop of both.
final class TapConnection {
  private enum Stage {
    /// The server is being asked for.
    case connecting
    case open(ConnectionRecording?, server: TapEnd)
    case over
  }

  let clientEnd: TapEnd
  private let shared: Tap.Shared
  private let forward: TapAddress
  private var stage = Stage.connecting
  private var hasReportedLoss = false
  private let clientName: String

  init(client: any Channel, forward: TapAddress, shared: Tap.Shared) {
    self.shared = shared
    self.forward = forward
    clientName = client.remoteAddress?.endpoint.map { "\($0)" } ?? "a client"
    clientEnd = TapEnd(.client)
    clientEnd.connection = self
  }

  // MARK: Events of the ends

  /// The client is there: asks for the server.
  func clientArrived(_ client: any Channel) {
    shared.totals.withLockedValue { $0.connections += 1 }
    shared.channels.withLockedValue { $0[ObjectIdentifier(client)] = client }
    let serverEnd = TapEnd(.server)
    serverEnd.connection = self
    let bound = NIOLoopBound((self, serverEnd), eventLoop: client.eventLoop)
    ClientBootstrap(group: client.eventLoop)
      .channelOption(.tcpOption(.tcp_nodelay), value: 1)
      .channelOption(.allowRemoteHalfClosure, value: true)
      .channelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          try channel.pipeline.syncOperations.addHandler(bound.value.1)
        }
      }
      .connect(host: forward.host, port: forward.port)
      .whenComplete { result in
        let (connection, serverEnd) = bound.value
        switch result {
        case .success(let server): connection.serverArrived(server, serverEnd, for: client)
        case .failure(let error): connection.serverMissing(error, for: client)
        }
      }
  }

  /// Bytes were passed on: writes them down.
  func said(_ bytes: ByteBuffer, by side: TCPNarration.Side) {
    shared.totals.withLockedValue { totals in
      if side == .client {
        totals.clientBytes += bytes.readableBytes
      } else {
        totals.serverBytes += bytes.readableBytes
      }
    }
    record { $0.said(bytes, by: side, at: $1) }
  }

  func finished(_ side: TCPNarration.Side) { record { $0.finished(side, at: $1) } }

  func reset(by side: TCPNarration.Side) { record { $0.reset(by: side, at: $1) } }

  /// An end is gone for good.
  func closed(_ channel: any Channel, _ side: TCPNarration.Side) {
    shared.channels.withLockedValue { _ = $0.removeValue(forKey: ObjectIdentifier(channel)) }
    finished(side)
    guard case .open(let recording, _) = stage, clientEnd.isGone, clientEnd.partner?.isGone != false else { return }
    if let recording { shared.totals.withLockedValue { $0.unrecordedBytes += recording.unrecordedBytes } }
    stage = .over
  }

  // MARK: The server's arrival

  private func serverArrived(_ server: any Channel, _ serverEnd: TapEnd, for client: any Channel) {
    guard client.isActive, let from = client.remoteAddress?.endpoint, let to = server.remoteAddress?.endpoint else {
      server.close(promise: nil)
      stage = .over
      return
    }
    shared.channels.withLockedValue { $0[ObjectIdentifier(server)] = server }
    let recording = makeRecording(from, to)
    stage = .open(recording, server: serverEnd)
    record { recording, now in recording.opened(at: now) }
    clientEnd.join(serverEnd)
    serverEnd.join(clientEnd)
  }

  private func serverMissing(_ error: any Error, for client: any Channel) {
    stage = .over
    shared.totals.withLockedValue { $0.refused += 1 }
    shared.report(.unreachable(client: clientName, error.networkText))
    if let from = client.remoteAddress?.endpoint, let to = CapturedEndpoint(address: forward),
      var recording = makeRecording(from, to)
    {
      shared.file.append(recording.refused(at: WallClock.nanoseconds()))
    }
    // As the server would have: refused, not ended.
    clientEnd.breakOff()
  }

  private func makeRecording(_ from: CapturedEndpoint, _ to: CapturedEndpoint) -> ConnectionRecording? {
    ConnectionRecording(
      client: from, server: to, number: UInt32.random(in: .min ... .max), anonymization: shared.anonymization)
  }

  private func record(_ event: (inout ConnectionRecording, UInt64) -> [ByteBuffer]) {
    guard case .open(var recording?, let server) = stage else { return }
    // One owner at a time, or each event would copy what the recording remembers.
    stage = .over
    shared.file.append(event(&recording, WallClock.nanoseconds()))
    if let loss = recording.loss, !hasReportedLoss {
      hasReportedLoss = true
      shared.report(.unrecorded(client: clientName, loss))
    }
    stage = .open(recording, server: server)
  }
}

extension CapturedEndpoint {
  /// Nil for a name, which no packet can hold.
  fileprivate init?(address: TapAddress) {
    guard let resolved = try? SocketAddress(ipAddress: address.host, port: address.port).endpoint else { return nil }
    self = resolved
  }
}

extension Error {
  /// What went wrong in the system's own words.
  var networkText: String {
    if let code = (self as? IOError)?.errnoCode { return String(cString: strerror(code)) }
    guard let failure = self as? NIOConnectionError else { return "\(self)" }
    if let refusal = failure.connectionErrors.first { return refusal.error.networkText }
    return "\(failure.host) has no address"
  }
}
