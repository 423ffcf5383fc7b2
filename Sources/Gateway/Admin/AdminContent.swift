import Edge

/// The answer to an administrative request, ready for any HTTP server.
public struct AdminContent: Sendable, Equatable {
  /// HTTP status code.
  public let status: Int
  /// Value of the `Content-Type` field.
  public let contentType: String
  /// The whole body in UTF-8.
  public let body: String
  /// Further fields, such as `Allow`.
  public let fields: [Field]

  /// A name and value of an HTTP field.
  public struct Field: Sendable, Equatable {
    /// In the customary spelling.
    public let name: String
    /// As it is sent.
    public let value: String
  }

  init(status: Int, contentType: String, body: String, fields: [Field] = []) {
    self.status = status
    self.contentType = contentType
    self.body = body
    // What the gateway says about itself is true for a moment only.
    self.fields = [Field(name: "Cache-Control", value: "no-store")] + fields
  }

  /// A problem, with a line end for the same readers.
  static func problem(_ problem: ProblemDocument, fields: [Field] = []) -> AdminContent {
    AdminContent(
      status: problem.status.code, contentType: "application/problem+json", body: problem.json + "\n", fields: fields)
  }

  /// JSON with a line end, for those who read it on a terminal.
  static func json(_ value: JSON, status: Int = 200) -> AdminContent {
    AdminContent(status: status, contentType: "application/json", body: value.text + "\n")
  }
}
