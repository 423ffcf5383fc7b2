import HTTPTypes
import NIOHTTP1

extension HTTPServerResponse {
  /// Whether the status lets a body follow (RFC 9110, sections 15.2, 15.3.5 and 15.4.5).
  var mayHaveBody: Bool {
    status.kind != .informational && status != .noContent && status != .notModified
  }
}

extension HTTPHeaders {
  init(_ fields: HTTPFields) {
    self.init()
    reserveCapacity(fields.count + 3)
    for field in fields { add(name: field.name.rawName, value: field.value) }
  }
}

extension HTTPResponseHead {
  /// The head of an answer with the fields that only the connection knows. In the case that RFC 9110 writes them in:
  /// librtmp knows no other.
  init(_ response: HTTPServerResponse, closes: Bool, speaksHTTP11: Bool) {
    var headers = HTTPHeaders(response.fields)
    headers.remove(name: "transfer-encoding")
    headers.remove(name: "content-length")
    headers.remove(name: "connection")
    if response.mayHaveBody { headers.add(name: "Content-Length", value: "\(response.body.readableBytes)") }
    if !headers.contains(name: "date") { headers.add(name: "Date", value: "\(HTTPDate.now)") }
    if closes {
      headers.add(name: "Connection", value: "close")
    } else if !speaksHTTP11 {
      headers.add(name: "Connection", value: "keep-alive")
    }
    let status = HTTPResponseStatus(statusCode: response.status.code, reasonPhrase: response.status.reasonPhrase)
    self.init(version: .http1_1, status: status, headers: headers)
  }
}
