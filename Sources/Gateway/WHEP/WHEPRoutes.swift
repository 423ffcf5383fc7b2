import Edge
import HTTPTypes
import NIOCore
import Rooms
import WebRTC

/// WHEP: standard players receive one participant.
struct WHEPRoutes: Sendable {
  private let services: SignallingServices
  private let resources: WHEPResources

  init(_ services: SignallingServices) {
    self.services = services
    self.resources = WHEPResources(services: services)
  }

  func add(to router: inout HTTPRouter) {
    router.on(.post, "/whep/{room}/{name}") { await create($0) }
    router.on(.options, "/whep/{room}/{name}") { _ in
      HTTPServerResponse(status: .noContent, fields: [.acceptPost: "application/sdp"])
    }
    router.on(.patch, "/whep/{room}/{name}/{id}") { await patch($0) }
    router.on(.delete, "/whep/{room}/{name}/{id}") { await delete($0) }
  }

  private func create(_ request: HTTPServerRequest) async -> HTTPServerResponse {
    guard request.hasContentType("application/sdp") else {
      return problem(.unsupportedMediaType, "an offer is application/sdp", [.acceptPost: "application/sdp"])
    }
    let (room, name) = (request.parameters["room"] ?? "", request.parameters["name"] ?? "")
    let identity = services.sessions.identify(
      door: "whep", listener: request.listener, address: request.remoteAddress?.ipAddress ?? "",
      certificateSubject: request.certificateSubject)
    let entry = EntryRequest(
      session: identity.id, door: identity.door, listener: identity.listener, address: identity.address,
      room: room, role: .listener, keys: request.bearerToken.map { [PresentedKey($0)] } ?? [],
      pageURL: request.fields[.origin], certificateSubject: identity.certificateSubject)
    do {
      let (id, answer) = try await resources.create(
        name: name, offer: String(buffer: request.body), identity: identity, request: entry)
      let location = request.target.segments.map(\.percentEncodedSegment).joined(separator: "/")
      return HTTPServerResponse(
        status: .created, fields: [.contentType: "application/sdp", .location: "/\(location)/\(id)"],
        body: ByteBuffer(string: answer))
    } catch let refusal as WHEPRefusal {
      return refusal.denial.problem
    } catch let error as RoomError {
      return problem(error.status, "\(error)")
    } catch let error as WebRTCError {
      return problem(.badRequest, "\(error)")
    } catch {
      return problem(.internalServerError, "the offer could not be answered")
    }
  }

  private func patch(_ request: HTTPServerRequest) async -> HTTPServerResponse {
    guard await exists(request) else { return problem(.notFound, "there is no such player") }
    guard request.hasContentType("application/trickle-ice-sdpfrag") else {
      return problem(.unsupportedMediaType, "candidates are application/trickle-ice-sdpfrag")
    }
    // The gateway is ICE-lite: it answers checks from wherever they come, so candidates tell it nothing new.
    return HTTPServerResponse(status: .noContent)
  }

  private func delete(_ request: HTTPServerRequest) async -> HTTPServerResponse {
    guard await exists(request), await resources.delete(request.parameters["id"] ?? "") else {
      return problem(.notFound, "there is no such player")
    }
    return HTTPServerResponse(status: .ok)
  }

  private func exists(_ request: HTTPServerRequest) async -> Bool {
    await resources.exists(
      request.parameters["id"] ?? "", room: request.parameters["room"] ?? "", name: request.parameters["name"] ?? "")
  }

  private func problem(
    _ status: HTTPResponse.Status, _ detail: String, _ fields: HTTPFields = [:]
  ) -> HTTPServerResponse {
    ProblemDocument(status: status, detail: detail).response(fields: fields)
  }
}

extension RoomError {
  /// What a refusal is in HTTP.
  var status: HTTPResponse.Status {
    switch self {
    case .noSuchRoom, .noSuchParticipant: .notFound
    case .badRoomName, .badParticipantName: .badRequest
    case .roomFull, .draining: .serviceUnavailable
    }
  }
}

extension HTTPField.Name {
  fileprivate static var acceptPost: HTTPField.Name { HTTPField.Name("Accept-Post") ?? .accept }
}

extension HTTPServerRequest {
  /// Whether the body is of that media type, whatever its parameters.
  fileprivate func hasContentType(_ type: String) -> Bool {
    let value = fields[.contentType]?.prefix { $0 != ";" }.lowercased() ?? ""
    return value.split(separator: " ").first.map(String.init) == type
  }
}

extension String {
  /// As one segment of a path (RFC 3986, section 3.3).
  fileprivate var percentEncodedSegment: String {
    let unreserved = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~".utf8
    return utf8.reduce(into: "") { text, byte in
      if unreserved.contains(byte) {
        text.unicodeScalars.append(Unicode.Scalar(byte))
      } else {
        let digits = String(byte, radix: 16, uppercase: true)
        text += "%" + (digits.count == 1 ? "0" : "") + digits
      }
    }
  }
}
