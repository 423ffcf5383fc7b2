import HTTPTypes
import NIOCore

extension HTTPServerResponse {
  /// An answer of the tunnel: bytes that no proxy may keep.
  static func tunnel(_ body: ByteBuffer, status: HTTPResponse.Status = .ok) -> HTTPServerResponse {
    HTTPServerResponse(status: status, fields: tunnelFields, body: body)
  }

  private static let tunnelFields: HTTPFields = [.contentType: "application/x-fcs", .cacheControl: "no-cache"]

  /// There is no such session: a player takes this as the end of its connection.
  static var noTunnelSession: HTTPServerResponse { tunnel(ByteBuffer(), status: .notFound) }
}

/// An answer that is still to be given, on whatever event loop its connection lives.
typealias TunnelAnswer = EventLoopPromise<HTTPServerResponse>
