import HTTPTypes
import NIOCore

/// An error told to a program: a problem document in JSON (RFC 9457).
public struct ProblemDocument: Sendable, Hashable {
  /// A URI that names the kind of problem; `about:blank` when the status says it all (section 4.2.1).
  public var type: String
  /// The kind in a few words.
  public var title: String
  /// The status of the answer.
  public var status: HTTPResponse.Status
  /// What is wrong this time and what to do; no secret and nothing of the inside.
  public var detail: String?
  /// A URI that names this occurrence.
  public var instance: String?

  /// Describes a problem; the title is the status's own unless given.
  public init(
    status: HTTPResponse.Status, title: String? = nil, detail: String? = nil, type: String = "about:blank",
    instance: String? = nil
  ) {
    self.status = status
    self.title = title ?? (status.reasonPhrase.isEmpty ? "Error" : status.reasonPhrase)
    self.detail = detail
    self.type = type
    self.instance = instance
  }

  /// The document as JSON, its members in a fixed order.
  public var json: String {
    var members = ["\"type\":\(quoted(type))", "\"title\":\(quoted(title))", "\"status\":\(status.code)"]
    if let detail { members.append("\"detail\":\(quoted(detail))") }
    if let instance { members.append("\"instance\":\(quoted(instance))") }
    return "{" + members.joined(separator: ",") + "}"
  }

  /// The answer that carries the document; never cached.
  public func response(fields: HTTPFields = [:]) -> HTTPServerResponse {
    var fields = fields
    fields[.contentType] = "application/problem+json"
    fields[.cacheControl] = "no-store"
    return HTTPServerResponse(status: status, fields: fields, body: ByteBuffer(string: json))
  }

  /// A JSON string (RFC 8259, section 7).
  private func quoted(_ text: String) -> String {
    var result = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": result += "\\\""
      case "\\": result += "\\\\"
      case _ where scalar.value < 0x20:
        let digits = String(scalar.value, radix: 16)
        result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result + "\""
  }
}
