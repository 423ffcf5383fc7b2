/// Why a request was not served, for programs and people (RFC 9457).
public struct ProblemDocument: Sendable, Equatable {
  /// HTTP status code, also in the document.
  public let status: Int
  /// Short and the same for each problem of this kind.
  public let title: String
  /// What was wrong with this request; nil if the title says it all. Never a secret.
  public let detail: String?

  /// A problem without a type of its own: its meaning is that of the status code (RFC 9457 section 4.2.1).
  public init(status: Int, title: String, detail: String? = nil) {
    self.status = status
    self.title = title
    self.detail = detail
  }

  /// The media type of RFC 9457 section 3.
  public static let contentType = "application/problem+json"

  /// The JSON object.
  public var json: JSON {
    var members = [
      JSON.Member("type", "about:blank"), JSON.Member("title", .string(title)),
      JSON.Member("status", .integer(status)),
    ]
    if let detail { members.append(JSON.Member("detail", .string(detail))) }
    return .object(members)
  }

  /// The document as an answer.
  public func content(fields: [AdminContent.Field] = []) -> AdminContent {
    AdminContent(status: status, contentType: Self.contentType, body: json.text + "\n", fields: fields)
  }
}
