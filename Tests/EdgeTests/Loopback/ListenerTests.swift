import NIOCore
import NIOPosix
import Testing

@testable import Edge

#if canImport(Glibc)
  import Glibc
#endif

@Suite(.timeLimit(.minutes(1))) struct ListenerTests {
  private let get = "GET /a HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"

  /// Sends back what comes, once it is established.
  private final class Echo: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
      context.writeAndFlush(wrapOutboundOut(unwrapInboundIn(data)), promise: nil)
    }
  }

  static let echo: DoorServices.Install = { channel, connection in
    try channel.pipeline.syncOperations.addHandler(Echo())
    connection.established()
  }

  /// Opens a listener on loopback, runs `body`, and closes everything.
  static func withListener(
    accept: Set<DoorProtocol> = [.rtmp, .http], tls: TLSContextSource? = nil,
    handshakeTimeout: TimeAmount = .minutes(3),
    admission: any Admission = SessionLimits(), host: String = "127.0.0.1",
    responder: HTTPTestChannel.Closure = .init(respond: HTTPTestChannel.echo),
    _ body: (Listener, RecordingObserver) async throws -> Void
  ) async throws {
    let observer = RecordingObserver()
    let services = DoorServices(
      rtmp: echo, http: responder, https: responder, admission: admission, observer: observer)
    let configuration = ListenerConfiguration(
      id: ListenerID(rawValue: "test"), address: try SocketAddress(ipAddress: host, port: 0), accept: accept, tls: tls,
      handshakeTimeout: handshakeTimeout)
    let listener = try await Listener.bind(configuration, services: services, group: LoopbackClient.group)
    do {
      try await body(listener, observer)
      await listener.closeAll()
    } catch {
      await listener.closeAll()
      throw error
    }
  }

  @Test(arguments: ["127.0.0.1", "::1"]) func httpAndRTMPShareAPort(host: String) async throws {
    try await Self.withListener(host: host) { listener, observer in
      let address = listener.localAddress
      let answer1 = try await LoopbackClient.exchange(get, with: address)
      #expect(answer1.hasSuffix("\r\n\r\nGET /a "))
      let rtmp = "\u{3}" + String(repeating: "r", count: 1536)
      let back = try await LoopbackClient.exchange(rtmp, with: address, oneByteAtATime: true, enough: rtmp)
      #expect(back == rtmp)
      await listener.closeAll()
      #expect(Set(observer.soFar).isSuperset(of: [.served(.http), .served(.rtmp), .closed(.http, .finished)]))
      #expect(listener.connectionCount == 0)
    }
  }

  @Test(arguments: [
    ("\u{16}\u{3}\u{1}", FirstBytes.tls), ("PROXY TCP4 1.2.3.4", .proxyV1),
    ("<policy-file-request/>\0", .policyRequest),
    ("\u{6}", .rtmpe(version: 6)), ("SSH-2.0-OpenSSH\r\n", .garbage),
  ])
  func otherProtocolsAreClosedWithoutAnswer(bytes: String, first: FirstBytes) async throws {
    try await Self.withListener { listener, observer in
      let answer2 = try await LoopbackClient.exchange(bytes, with: listener.localAddress)
      #expect(answer2 == "")
      let reason: ConnectionReason = first == .garbage ? .garbage : .notAccepted(first)
      for await event in observer.events where event != .accepted {
        #expect(event == .refused(first, reason))
        break
      }
    }
  }

  @Test func silentAndDawdlingClientsAreClosedAtTheTimeout() async throws {
    // Long enough that a busy machine has read the third one's first bytes when it ends.
    try await Self.withListener(handshakeTimeout: .seconds(2)) { listener, observer in
      let answer3 = try await LoopbackClient.exchange("", with: listener.localAddress)
      #expect(answer3 == "")
      let answer4 = try await LoopbackClient.exchange("GE", with: listener.localAddress)
      #expect(answer4 == "")
      let answer5 = try await LoopbackClient.exchange("GET / HT", with: listener.localAddress)
      #expect(answer5.hasPrefix("HTTP/1.1 408 "))
      var reasons: [ConnectionReason] = []
      for await event in observer.events {
        switch event {
        case .refused(_, let reason), .closed(_, let reason): reasons.append(reason)
        case .accepted, .served, .acceptFailed: continue
        }
        if reasons.count == 3 { break }
      }
      #expect(reasons == [.handshakeTimeout, .handshakeTimeout, .requestTimeout])
    }
  }

  @Test func admissionIsAskedBeforeAByteIsReadAndPlacesAreGivenBack() async throws {
    let limits = SessionLimits(sessions: 10, sessionsPerAddress: 1)
    try await Self.withListener(admission: limits) { listener, observer in
      let address = listener.localAddress
      let first = try await LoopbackClient.connect(to: address)
      try await first.executeThenClose { inbound, outbound in
        try await outbound.write(ByteBuffer(string: "GET /held HTTP/1.1\r\nHost: x\r\n\r\n"))
        let answer6 = try await LoopbackClient.read(inbound, enough: "/held ")
        #expect(answer6.contains("200 OK"))
        let answer7 = try await LoopbackClient.exchange(get, with: address)
        #expect(answer7 == "")
        #expect(observer.soFar.contains(.refused(nil, .tooManySessionsFromAddress)))
      }
      for await event in observer.events where event == .closed(.http, .clientClosed) { break }
      let answer8 = try await LoopbackClient.exchange(get, with: address)
      #expect(answer8.contains("200 OK"))
    }
    #expect(limits.sessions == 0)
  }

  @Test func portInUseIsAnErrorThatSaysSo() async throws {
    try await Self.withListener { listener, observer in
      let configuration = ListenerConfiguration(
        id: ListenerID(rawValue: "second"), address: listener.localAddress, accept: [.http])
      let services = DoorServices(admission: SessionLimits(), observer: observer)
      let error = await #expect(throws: ListenerError.self) {
        try await Listener.bind(configuration, services: services, group: LoopbackClient.group)
      }
      #expect(error?.errnoCode == EADDRINUSE)
      #expect(error?.description.contains("second") == true)
    }
  }

  @Test func drainEndsIdleConnectionsLetsBusyOnesFinishAndFreesThePort() async throws {
    let (started, start) = AsyncStream<Void>.makeStream()
    let (gate, open) = AsyncStream<Void>.makeStream()
    let responder = HTTPTestChannel.Closure { request in
      if request.path == "/slow" {
        start.yield()
        for await _ in gate { break }
      }
      return .text("done")
    }
    try await Self.withListener(responder: responder) { listener, observer in
      let idle = try await LoopbackClient.connect(to: listener.localAddress)
      let busy = try await LoopbackClient.connect(to: listener.localAddress)
      try await idle.executeThenClose { idleInbound, idleOutbound in
        try await idleOutbound.write(ByteBuffer(string: "GET / HTTP/1.1\r\nHost: x\r\n\r\n"))
        var idleIterator = idleInbound.makeAsyncIterator()
        _ = try await idleIterator.next()
        try await busy.executeThenClose { busyInbound, busyOutbound in
          try await busyOutbound.write(ByteBuffer(string: "GET /slow HTTP/1.1\r\nHost: x\r\n\r\n"))
          for await _ in started { break }
          await listener.drain()
          while try await idleIterator.next() != nil {}
          open.yield()
          let answer = try await LoopbackClient.read(busyInbound)
          #expect(answer.contains("Connection: close"))
          #expect(answer.hasSuffix("done"))
        }
      }
      await #expect(throws: (any Error).self) { try await LoopbackClient.connect(to: listener.localAddress) }
      // Connections of the old listener may still be in TIME_WAIT.
      var configuration = listener.configuration
      configuration.address = listener.localAddress
      let services = DoorServices(admission: SessionLimits(), observer: observer)
      let again = try await Listener.bind(configuration, services: services, group: LoopbackClient.group)
      await again.closeAll()
    }
  }

  @Test func errorCanBeReadByAClientThatStillSends() async throws {
    try await Self.withListener { listener, _ in
      let connection = try await LoopbackClient.connect(to: listener.localAddress)
      try await connection.executeThenClose { inbound, outbound in
        try await outbound.write(ByteBuffer(string: "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\n"))
        // The server may have closed before all is written; what counts is that its answer can be read.
        for _ in 0..<10 { try? await outbound.write(ByteBuffer(repeating: 0x61, count: 100_000)) }
        let answer = try await LoopbackClient.read(inbound)
        #expect(answer.hasPrefix("HTTP/1.1 413 "))
        #expect(answer.hasSuffix("}"))
      }
    }
  }

  @Test func manyClientsAtOnceAreAllServed() async throws {
    let limits = SessionLimits(sessionsPerAddress: 1000)
    try await Self.withListener(admission: limits) { listener, _ in
      let address = listener.localAddress
      let request = get
      let good = try await withThrowingTaskGroup(of: Bool.self) { group in
        for _ in 0..<200 {
          group.addTask { try await LoopbackClient.exchange(request, with: address).contains("200 OK") }
        }
        return try await group.reduce(0) { $0 + ($1 ? 1 : 0) }
      }
      #expect(good == 200)
    }
    #expect(limits.sessions == 0)
  }

  @Test func webSocketOfASlowReaderIsClosedAndCounted() async throws {
    let flood = WebSocketTestChannel.Service { socket in
      let text = String(repeating: "x", count: 60_000)
      while (try? socket.send(text)) != nil { await Task.yield() }
    }
    var limits = WebSocketLimits()
    limits.closeTimeout = .milliseconds(100)
    let responder = HTTPTestChannel.Closure { [limits] _ in .webSocket(flood, limits: limits) }
    try await Self.withListener(responder: responder) { listener, observer in
      let connection = try await LoopbackClient.connect(to: listener.localAddress)
      try await connection.executeThenClose { inbound, outbound in
        try await outbound.write(ByteBuffer(string: WebSocketTestChannel.request))
        // Nothing is read until the server has given up.
        for await event in observer.events where event == .closed(.http, .tooSlow) { break }
        let answer9 = try await LoopbackClient.read(inbound)
        #expect(answer9.hasPrefix("HTTP/1.1 101 "))
      }
    }
  }

  @Test func listenerOutlivesALackOfFileDescriptors() async {
    await #expect(processExitsWith: .success) {
      try await ListenerTests.withListener { listener, observer in
        // The client's socket takes the last descriptor, so that accept fails with EMFILE.
        let last = dup(0)
        close(last)
        var limit = rlimit(rlim_cur: rlim_t(last) + 1, rlim_max: 4096)
        setrlimit(__rlimit_resource_t(7), &limit)
        let starved = try await LoopbackClient.connect(to: listener.localAddress)
        try await starved.executeThenClose { inbound, outbound in
          precondition(dup(0) == -1 && errno == EMFILE)
          for await event in observer.events {
            precondition(event == .acceptFailed(EMFILE))
            break
          }
          // It waits instead of trying without end.
          for _ in 0..<100 {
            for loop in LoopbackClient.group.makeIterator() { try await loop.submit {}.get() }
          }
          precondition(observer.soFar == [.acceptFailed(EMFILE)])
          limit.rlim_cur = 1024
          setrlimit(__rlimit_resource_t(7), &limit)
          try await outbound.write(
            ByteBuffer(string: "GET /a HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"))
          let answer = try await LoopbackClient.read(inbound)
          precondition(answer.contains("200 OK"))
        }
      }
    }
  }
}
