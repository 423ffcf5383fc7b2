import NIOCore
import NIOHTTP1

/// A connection that becomes a web socket.
extension HTTPConnectionHandler {
  func changeToWebSocket(
    _ response: HTTPServerResponse, for received: HTTPRequestReader.Received, service: any WebSocketService,
    limits socketLimits: WebSocketLimits
  ) {
    guard let context else { return }
    do {
      let accepted = try WebSocketUpgrade.accept(received.request, adding: response.fields, on: context.channel)
      accepted.assumeIsolated().whenComplete { result in
        switch result {
        case .success(let headers): self.changeToWebSocket(headers, service: service, limits: socketLimits)
        case .failure: self.close(.setupFailed)
        }
      }
    } catch {
      write(error.response, to: received, then: received.keepsAlive ? .nextRequest : .close)
    }
  }

  private func changeToWebSocket(
    _ headers: HTTPHeaders, service: any WebSocketService, limits socketLimits: WebSocketLimits
  ) {
    guard case .responding = phase, let context else { return }
    let head = HTTPResponseHead(version: .http1_1, status: .switchingProtocols, headers: headers)
    context.write(wrapOutboundOut(.head(head)), promise: nil)
    context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
    end()
    let channel = context.channel
    let pipeline = channel.pipeline.syncOperations
    pipeline.removeHandler(handlers.encoder, promise: nil)
    do {
      try WebSocketHandler.install(on: channel, door: door, service: service, limits: socketLimits)
    } catch {
      return close(.setupFailed)
    }
    pipeline.removeHandler(self, promise: nil)
    pipeline.removeHandler(handlers.activity, promise: nil)
    // Last, for it hands on the bytes that came behind the request.
    pipeline.removeHandler(handlers.decoder, promise: nil)
    if readIsHeld { channel.read() }
  }
}
