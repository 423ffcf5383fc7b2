import NIOCore

/// A connection that carries a tunnel's requests.
extension HTTPConnectionHandler {
  // MARK: Answers

  /// Answers a tunnel's request without waiting until the client has read the answers before.
  func answerTunnel(_ response: HTTPServerResponse, speaksHTTP11: Bool) {
    unread.append(.init(body: response.body, speaksHTTP11: speaksHTTP11))
    phase = .writing(.nextRequest)
    sendUnread()
    guard case .writing = phase else { return }
    if unread.isFull {
      arm(after: limits.writeTimeout)
      behindUnread = { self.wrote(then: .nextRequest) }
    } else {
      wrote(then: .nextRequest)
    }
  }

  private func sendUnread() {
    guard !isSendingUnread, let context, let answer = unread.popFirst() else { return }
    isSendingUnread = true
    let bytes = tunnelAnswers.bytes(of: answer)
    let written = context.eventLoop.makePromise(of: Void.self)
    written.futureResult.assumeIsolated().whenComplete { result in
      self.isSendingUnread = false
      switch result {
      case .success: self.sentUnread()
      case .failure: self.close(.clientClosed)
      }
    }
    handlers.activity.writeAndFlush(bytes, promise: written)
  }

  private func sentUnread() {
    sendUnread()
    guard unread.isEmpty, !isSendingUnread, let next = behindUnread else { return }
    behindUnread = nil
    next()
  }

  // MARK: The end

  /// Gives the requests that were read whole, and wait for an answer before theirs, to their tunnel's sessions.
  ///
  /// A session outlives its connections. librtmp reads no answers, so its connection ends by a reset, perhaps with the
  /// end of its publication in the queue: that must count, though nobody is there to be told. The number of a request
  /// that was not taken would also keep out all that come by the client's next connection.
  func deliverUnanswered() {
    guard let tunnels, let context, mayServeMore else { return }
    while case .request(let received)? = queue.popFirst() {
      if let asked = received.tunnel { tunnels.take(asked, of: received.request, on: context.eventLoop) }
      guard received.keepsAlive else { return }
    }
  }

  /// Whether what waits behind the current exchange would be served.
  private var mayServeMore: Bool {
    switch phase {
    case .waiting, .readingHead, .readingBody, .writing(.nextRequest): true
    case .responding(let received, _, _): received.keepsAlive
    case .writing(.close), .writing(.linger), .lingering, .ended: false
    }
  }
}
