import Edge
import HTTPTypes
import NIOCore
import Rooms
import WebRTC

/// WHEP: standard players receive one participant.
struct WHEPRoutes: Sendable {
  private let services: SignallingServices
  private let resources: WHEPResources
  private let access: WebAccess

  init(_ services: SignallingServices, access: WebAccess) {
    self.services = services
    self.access = access
    self.resources = WHEPResources(services: services)
  }

  func add(to router: inout HTTPRouter) {
    router.on(.post, "/whep/{room}/{name}") { shared(await create($0), with: $0) }
    router.on(.options, "/whep/{room}/{name}") { request in
      shared(HTTPServerResponse(status: .noContent, fields: [.acceptPost: Self.offer]), with: request, for: "POST")
    }
    router.on(.patch, "/whep/{room}/{name}/{id}") { shared(await patch($0), with: $0) }
    router.on(.delete, "/whep/{room}/{name}/{id}") { shared(await delete($0), with: $0) }
    router.on(.options, "/whep/{room}/{name}/{id}") { request in
      let answer = HTTPServerResponse(status: .noContent, fields: [.acceptPatch: Self.fragment])
      return shared(answer, with: request, for: "PATCH, DELETE")
    }
  }

  private static let offer = "application/sdp"
  private static let fragment = "application/trickle-ice-sdpfrag"

  /// Lets pages read the answer that may open a room's web socket: players live on pages of other sites too.
  /// - Parameter methods: of an answer that says what may be asked for (Fetch standard, section 3.3).
  private func shared(
    _ answer: HTTPServerResponse, with request: HTTPServerRequest, for methods: String? = nil
  ) -> HTTPServerResponse {
    guard let origin = request.fields[.origin], access.allows(origin: origin, of: request) else { return answer }
    var answer = answer
    answer.fields[.accessControlAllowOrigin] = origin
    answer.fields[.vary] = "Origin"
    if let methods {
      answer.fields[.accessControlAllowMethods] = methods
      answer.fields[.accessControlAllowHeaders] = "Authorization, Content-Type, If-Match"
    } else {
      answer.fields[.accessControlExposeHeaders] = "Location, ETag, Retry-After"
    }
    return answer
  }

  private func create(_ request: HTTPServerRequest) async -> HTTPServerResponse {
    guard request.hasContentType(Self.offer) else {
      return problem(.unsupportedMediaType, "an offer is application/sdp", [.acceptPost: Self.offer])
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
      let (id, answer, tag) = try await resources.create(
        name: name, offer: String(buffer: request.body), identity: identity, request: entry)
      let location = request.target.segments.map(\.percentEncodedSegment).joined(separator: "/")
      return HTTPServerResponse(
        status: .created,
        fields: [.contentType: Self.offer, .location: "/\(location)/\(id)", .eTag: tag.description],
        body: ByteBuffer(string: answer))
    } catch let refusal as WHEPRefusal {
      return refusal.denial.problem
    } catch let error as TooManySessions {
      return problem(.tooManyRequests, "\(error)", [.retryAfter: "\(error.retryAfter)"])
    } catch let error as RoomError {
      return problem(error.status, "\(error)")
    } catch let error as WebRTCError {
      return problem(.badRequest, "\(error)")
    } catch {
      return problem(.internalServerError, "the offer could not be answered")
    }
  }

  private func patch(_ request: HTTPServerRequest) async -> HTTPServerResponse {
    guard let session = await session(of: request) else { return problem(.notFound, "there is no such player") }
    guard request.hasContentType(Self.fragment) else {
      return problem(.unsupportedMediaType, "candidates are \(Self.fragment)", [.acceptPatch: Self.fragment])
    }
    guard session.isMeant(byIfMatch: request.fields[.ifMatch]) else {
      return problem(.preconditionFailed, "If-Match names another ICE session")
    }
    guard !session.isRestarted(by: String(buffer: request.body)) else {
      return problem(.unprocessableContent, "ICE is not restarted here: end this player and begin another")
    }
    // The gateway is ICE-lite: it answers checks from wherever they come, so candidates tell it nothing new.
    return HTTPServerResponse(status: .noContent)
  }

  private func delete(_ request: HTTPServerRequest) async -> HTTPServerResponse {
    guard await session(of: request) != nil, await resources.delete(request.parameters["id"] ?? "") else {
      return problem(.notFound, "there is no such player")
    }
    return HTTPServerResponse(status: .ok)
  }

  private func session(of request: HTTPServerRequest) async -> WHEPSession? {
    await resources.session(
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
  fileprivate static var acceptPatch: HTTPField.Name { HTTPField.Name("Accept-Patch") ?? .accept }
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
