import AccessPolicy
import Edge
import HTTPTypes
import Rooms

/// The rules of access on the web: which pages may open a room's web socket, and who may ask for a room at all.
struct WebAccess: Sendable {
  let rules: RulesInForce

  /// The answer to one whom the lists keep out of the room that it asks for; nil when they do not.
  func refusal(of request: HTTPServerRequest) -> HTTPServerResponse? {
    guard let room = request.parameters["room"], let address = request.remoteAddress.flatMap(IPAddress.init),
      !rules.current.policy.decide(address, listener: request.listener.rawValue, room: room).isAllowed
    else { return nil }
    return Denial(.addressDenied).problem
  }

  /// Whether a page may open the room's web socket: one of our own, or one of the domains that may connect, over HTTPS.
  func allows(origin: String?, of request: HTTPServerRequest) -> Bool {
    // Only browsers send Origin, and only they can be misled by another site's page.
    guard let origin, !request.isFromSameOrigin else { return true }
    return origin.lowercased().hasPrefix("https://") && rules.current.crossDomain?.allows(page: origin) == true
  }
}
