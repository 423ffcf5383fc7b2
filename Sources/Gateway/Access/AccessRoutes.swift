import AccessPolicy
import Edge
import HTTPTypes
import NIOCore

/// What the admin address answers about access: reading the rules anew, and explaining them.
struct AccessRoutes: Sendable {
  let keeper: AccessKeeper
  let certificates: CertificateKeeper
  /// The configured rooms and listeners.
  let rooms: RoomsInForce
  let listeners: [String]

  /// What a client may come by.
  private static let doors = ["rtmp", "rtmps", "rtmpt", "rtmpts", "rtmpe", "rtmpte", "http", "https", "policy"]

  func add(to router: inout HTTPRouter) {
    router.on(.post, "/api/v1/reload") { request in
      if let refusal = AdminAPI.refusal(ofPage: request) { return refusal }
      return await reload()
    }
    router.on(.get, "/api/v1/policy/explain") { explain($0) }
  }

  private func reload() async -> HTTPServerResponse {
    let faults = certificates.reload()
    switch await keeper.reload(.request) {
    case .kept(let error):
      return problem(.unprocessableContent, (error.problems.map(\.description) + faults).joined(separator: "\n"))
    case .inForce(let rules, let ended):
      if !faults.isEmpty { return problem(.unprocessableContent, faults.joined(separator: "\n")) }
      return .json([
        "status": "reloaded", "whitelist": .integer(rules.policy.all.whitelist.count),
        "blacklist": .integer(rules.policy.all.blacklist.count), "ended": .integer(ended),
      ])
    }
  }

  private func explain(_ request: HTTPServerRequest) -> HTTPServerResponse {
    func item(_ name: String) -> String? { request.target.queryValue(name) }
    guard let text = item("address"), let address = IPAddress(text) else {
      return problem(.badRequest, "address=... must be an IPv4 or IPv6 address")
    }
    // What is not there is not kept out by anything: saying "allowed" of it would mislead.
    for (name, known, words) in [
      ("room", rooms.current.keys.sorted(), "a configured room"),
      ("listener", listeners, "one of \(listeners.joined(separator: ", "))"),
      ("protocol", Self.doors, "one of \(Self.doors.joined(separator: ", "))"),
    ] {
      if let text = item(name), !known.contains(text) { return problem(.badRequest, "\(name)=... must be \(words)") }
    }
    let verdict = AccessVerdict(
      of: address, by: keeper.rules.current, listener: item("listener"), room: item("room"), door: item("protocol"),
      page: item("page_url"))
    return .json(verdict.json)
  }

  private func problem(_ status: HTTPResponse.Status, _ detail: String) -> HTTPServerResponse {
    ProblemDocument(status: status, detail: detail).response()
  }
}
