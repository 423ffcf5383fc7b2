import Edge
import HTTPTypes
import Rooms

extension Denial {
  /// The answer to a program that is kept out: the kind stands in `title`.
  var problem: HTTPServerResponse {
    var fields: HTTPFields = [:]
    if let retryAfter { fields[.retryAfter] = "\(retryAfter)" }
    if kind == .keyRequired { fields[.wwwAuthenticate] = "Bearer" }
    return ProblemDocument(status: status, title: kind.rawValue, detail: sentence).response(fields: fields)
  }

  private var status: HTTPResponse.Status {
    switch kind {
    // RFC 6750, section 3.1: who shows nothing is asked for it.
    case .keyRequired: .unauthorized
    case .notAllowed, .addressDenied, .pageDenied, .encryptionRequired: .forbidden
    case .tooManyAttempts: .tooManyRequests
    case .unavailable: .serviceUnavailable
    }
  }
}

extension HTTPServerRequest {
  /// The token of `Authorization: Bearer TOKEN` (RFC 6750, section 2.1).
  var bearerToken: String? {
    guard let value = fields[.authorization] else { return nil }
    let parts = value.split(separator: " ", omittingEmptySubsequences: true)
    guard parts.count == 2, parts[0].lowercased() == "bearer" else { return nil }
    return String(parts[1])
  }
}
