import Edge
import Foundation
import HTTPTypes
import Logging
import NIOCore
import RTMP
import Testing
import WebRTC

@testable import Gateway
@testable import TestPeer
@testable import TestPublisher

@Suite(.timeLimit(.minutes(4))) struct RunningGatewayTests {
  private func offer(_ peer: TestPeer, to router: HTTPRouter, _ name: String = "alice") async throws
    -> HTTPServerResponse
  {
    await router.respond(
      to: HTTPServerRequest(
        method: .post, target: try RequestTarget("/whep/demo/\(name)"), fields: [.contentType: "application/sdp"],
        body: ByteBuffer(string: peer.offer().text)))
  }

  private func credentials(_ answer: HTTPServerResponse) throws -> (ufrag: String, password: String) {
    let description = try SessionDescription(parsing: String(buffer: answer.body))
    var (ufrag, password) = ("", "")
    for attribute in description.attributes + description.sections.flatMap(\.attributes) {
      switch attribute {
      case .iceUfrag(let text): ufrag = text
      case .icePassword(let text): password = text
      default: break
      }
    }
    return (ufrag, password)
  }

  @Test func aFlashPublisherReachesAPlayerAndADrainEndsBoth() async throws {
    try await GatewayStage.with { stage in
      let router = try stage.routes()
      let parts = stage.gateway.parts
      try await RTMPTestClient.run(to: stage.rtmp) { client in
        #expect(try await client.publish("alice") == .publishStart)
        try await client.send(try LegacyClip.flv1().prefix(40))
        try await SocketPeer.run(
          fingerprint: parts.webRTC.certificate.fingerprint, port: parts.webRTC.plane.port
        ) { socket in
          let answer = try await offer(socket.peer, to: router)
          #expect(answer.status == .created)
          #expect(String(buffer: answer.body).contains(" 127.0.0.1 \(parts.webRTC.plane.port) typ host"))
          let (ufrag, password) = try credentials(answer)
          try await socket.connect(ufrag: ufrag, password: password)
          // The picture that stands, without a new message from the publisher; then sound with the next ones.
          try await socket.until { $0.packets.contains { $0.header.payloadType == 96 } }
          try await client.send(try LegacyClip.flv1().dropFirst(40))
          try await socket.until { $0.packets.contains { $0.header.payloadType == 111 } }
          #expect(parts.sessions.count == 2)
          async let drained: Void = stage.gateway.drain()
          #expect(try await client.status() == .connectAppShutdown)
          try await client.readToEnd()
          try await socket.until(\.isClosed)
          await drained
          #expect(parts.sessions.count == 0)
        }
      }
      #expect(try await stage.admin("/readyz").status == .serviceUnavailable)
      let refused = try await offer(try TestPeer(gateway: parts.webRTC.certificate.fingerprint, at: .now()), to: router)
      #expect(refused.status == .serviceUnavailable)
    }
  }

  @Test func aPlayerOfAPausedSpeakerGetsItWhenItComesBack() async throws {
    try await GatewayStage.with { stage in
      let router = try stage.routes()
      let parts = stage.gateway.parts
      try await RTMPTestClient.run(to: stage.rtmp) { client in
        #expect(try await client.publish("alice") == .publishStart)
        try await client.send(try LegacyClip.h264().prefix(10))
      }
      // Its connection is gone; the room keeps its place.
      let listening = try await parts.rooms.listen(room: "demo")
      var isPaused = listening.participants.contains { $0.tracks.first?.state == .paused }
      var events = listening.events.makeAsyncIterator()
      while !isPaused, case .participant(let participant)? = await events.next() {
        isPaused = participant.tracks.first?.state == .paused
      }
      #expect(isPaused)
      try await SocketPeer.run(
        fingerprint: parts.webRTC.certificate.fingerprint, port: parts.webRTC.plane.port
      ) { socket in
        let answer = try await offer(socket.peer, to: router)
        #expect(answer.status == .created)
        let (ufrag, password) = try credentials(answer)
        try await socket.connect(ufrag: ufrag, password: password)
        try await RTMPTestClient.run(to: stage.rtmp) { client in
          #expect(try await client.publish("alice") == .publishStart)
          try await client.send(try LegacyClip.h264())
          try await socket.until { $0.packets.contains { $0.header.payloadType == 102 } }
        }
      }
    }
  }

  @Test func aPlayerIsMadeAskedAboutAndEnded() async throws {
    try await GatewayStage.with { stage in
      let router = try stage.routes()
      let parts = stage.gateway.parts
      _ = try await parts.rooms.publish(room: "demo", name: "Frau M\u{FC}ller", kind: .flash, replaced: {})
      let peer = try TestPeer(gateway: parts.webRTC.certificate.fingerprint, at: .now())
      let made = try await offer(peer, to: router, "Frau%20M%C3%BCller")
      #expect(made.status == .created)
      #expect(made.fields[.contentType] == "application/sdp")
      let location = try #require(made.fields[.location])
      #expect(location.hasPrefix("/whep/demo/Frau%20M%C3%BCller/"))
      func ask(_ method: HTTPRequest.Method, _ path: String, _ type: String? = nil) async throws -> HTTPResponse.Status
      {
        var fields: HTTPFields = [:]
        if let type { fields[.contentType] = type }
        return await router.respond(
          to: HTTPServerRequest(method: method, target: try RequestTarget(path), fields: fields)
        ).status
      }
      #expect(try await ask(.patch, location, "application/trickle-ice-sdpfrag") == .noContent)
      #expect(try await ask(.patch, location, "text/plain") == .unsupportedMediaType)
      #expect(try await ask(.patch, location + "0", "application/trickle-ice-sdpfrag") == .notFound)
      // The id counts only under its own address.
      let other = location.replacing("Frau%20M%C3%BCller", with: "bob")
      #expect(try await ask(.delete, other) == .notFound)
      #expect(parts.sessions.identities.map(\.door) == ["whep"])
      #expect(try await ask(.delete, location) == .ok)
      #expect(try await ask(.delete, location) == .notFound)
      #expect(parts.sessions.count == 0)
    }
  }

  @Test func aPlayerTakesAPlaceAndEndsWithItsSpeaker() async throws {
    try await GatewayStage.with { stage in
      let router = try stage.routes()
      let parts = stage.gateway.parts
      let publication = try await parts.rooms.publish(room: "demo", name: "alice", kind: .flash, replaced: {})
      let peer = try TestPeer(gateway: parts.webRTC.certificate.fingerprint, at: .now())
      #expect(try await offer(peer, to: router, "alice").status == .created)
      #expect(await parts.rooms.census.listeners == 1)
      #expect(try await offer(peer, to: router, "bob").status == .notFound)
      #expect(await parts.rooms.census.listeners == 1, "one that is refused takes no place")
      await parts.rooms.ended(publication, .expelled)
      while parts.sessions.count > 0 { await Task.yield() }
      while await parts.rooms.census.listeners > 0 { await Task.yield() }
      #expect(await parts.rooms.census.rooms == 0)
    }
  }

  @Test func offersThatCannotBeServedAreRefusedByKind() async throws {
    try await GatewayStage.with { stage in
      let router = try stage.routes()
      let parts = stage.gateway.parts
      func post(_ path: String, _ type: String?, _ body: String) async throws -> HTTPServerResponse {
        var fields: HTTPFields = [:]
        if let type { fields[.contentType] = type }
        return await router.respond(
          to: HTTPServerRequest(
            method: .post, target: try RequestTarget(path), fields: fields, body: ByteBuffer(string: body)))
      }
      _ = try await parts.rooms.publish(room: "demo", name: "alice", kind: .flash, replaced: {})
      let offer = try TestPeer(gateway: parts.webRTC.certificate.fingerprint, at: .now()).offer().text
      for type in [nil, "text/plain", "application/sdpx"] {
        #expect(try await post("/whep/demo/alice", type, offer).status == .unsupportedMediaType)
      }
      #expect(try await post("/whep/demo/alice", "Application/SDP; charset=utf-8", offer).status == .created)
      #expect(try await post("/whep/demo/bob", "application/sdp", offer).status == .notFound)
      #expect(try await post("/whep/nowhere/alice", "application/sdp", offer).status == .notFound)
      for broken in ["", "v=0", String(offer.dropFirst(20)), "\0\0\0"] {
        let answer = try await post("/whep/demo/alice", "application/sdp", broken)
        #expect(answer.status == .badRequest)
        #expect(answer.fields[.contentType] == "application/problem+json")
      }
      #expect(parts.sessions.count == 1, "refused offers leave nothing behind")
    }
  }

  @Test func aBrokenCertificateLeavesTheOneInForceAndReadinessSaysSo() async throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "gateway-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let (certificate, key) = (folder.appending(path: "cert.pem"), folder.appending(path: "key.pem"))
    let openssl = Process()
    openssl.executableURL = URL(filePath: "/usr/bin/env")
    openssl.arguments = [
      "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
      "-subj", "/CN=localhost", "-keyout", key.path, "-out", certificate.path,
    ]
    openssl.standardError = FileHandle.nullDevice
    try openssl.run()
    openssl.waitUntilExit()
    try #require(openssl.terminationStatus == 0)
    var configuration = GatewayStage.configuration()
    configuration.listeners.append(
      Gateway.ListenerConfiguration(
        address: configuration.listeners[0].address, accept: [.https],
        tls: ListenerTLS(certificate: Located(certificate.path), key: Located(key.path))))
    let gateway = try await RunningGateway.start(
      configuration, log: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
    let stage = GatewayStage(gateway: gateway)
    let good = try Data(contentsOf: certificate)
    try Data("broken".utf8).write(to: certificate)
    await gateway.reload()
    var answer = try await stage.admin("/readyz")
    #expect(answer.status == .ok, "the certificate in force still serves")
    #expect(String(buffer: answer.body).contains(certificate.path))
    try good.write(to: certificate)
    await gateway.reload()
    answer = try await stage.admin("/readyz")
    #expect(String(buffer: answer.body) == "{\"status\":\"ready\",\"faults\":[]}\n")
    await gateway.stop()
  }

  @Test func aPortInUseIsToldWithThePlaceOfItsValue() async throws {
    try await GatewayStage.with { stage in
      let port = try #require(stage.rtmp.port)
      let position = SourcePosition(file: "gate.yaml", line: 3, column: 14)
      var configuration = GatewayStage.configuration()
      configuration.listeners[0].address = Located(ListenAddress(ip: .loopback, port: port), at: position)
      let log = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
      let error = await #expect(throws: ConfigurationError.self) {
        _ = try await RunningGateway.start(configuration, log: log)
      }
      #expect(error?.problems.map(\.position) == [position])
      #expect(error?.problems.first?.description.contains("127.0.0.1:\(port)") == true)

      var media = GatewayStage.configuration()
      media.webRTC.udpPort = Located(stage.gateway.parts.webRTC.plane.port, at: position)
      let mediaError = await #expect(throws: ConfigurationError.self) {
        _ = try await RunningGateway.start(media, log: log)
      }
      #expect(mediaError?.problems.map(\.position) == [position])
    }
  }
}
