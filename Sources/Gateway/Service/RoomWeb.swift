import Edge
import Foundation
import HTTPTypes
import NIOCore

/// The room's page and what belongs to it, read once at start.
struct RoomWeb: Sendable {
  private struct Asset: Sendable {
    let content: ByteBuffer
    let contentType: String
    let tag: EntityTag
  }

  /// A file of the page is missing from the installation.
  struct MissingAsset: Error, CustomStringConvertible {
    let description: String
  }

  private let assets: [String: Asset]
  private let page: Asset

  /// Only our own scripts and styles, no inline code, nothing from elsewhere.
  private static let contentSecurityPolicy =
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    + "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

  private static let contentTypes = [
    "html": "text/html; charset=utf-8", "css": "text/css; charset=utf-8", "js": "text/javascript; charset=utf-8",
    "svg": "image/svg+xml", "png": "image/png", "ico": "image/x-icon",
  ]

  init() throws {
    guard let folder = Bundle.module.url(forResource: "Web", withExtension: nil),
      let files = try? FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
    else { throw MissingAsset(description: "the web page's files are missing beside the program") }
    var assets: [String: Asset] = [:]
    for file in files {
      guard let contentType = Self.contentTypes[file.pathExtension] else { continue }
      let content = ByteBuffer(bytes: try Data(contentsOf: file))
      assets[file.lastPathComponent] = Asset(
        content: content, contentType: contentType, tag: EntityTag(of: content))
    }
    guard let page = assets.removeValue(forKey: "index.html") else {
      throw MissingAsset(description: "the web page index.html is missing beside the program")
    }
    self.page = page
    self.assets = assets
  }

  /// The page of a room.
  func page(for request: HTTPServerRequest) -> HTTPServerResponse {
    response(page, for: request)
  }

  /// The page under the name of no room: the same, for it asks the room's web socket and shows what that says.
  var pageOfNoRoom: HTTPServerResponse {
    let fields: HTTPFields = [.contentType: page.contentType, .cacheControl: "no-store"]
    return guarded(HTTPServerResponse(status: .notFound, fields: fields, body: page.content))
  }

  /// A script, a style or a picture of the page.
  func asset(_ name: String, for request: HTTPServerRequest) -> HTTPServerResponse {
    guard let asset = assets[name] else { return ProblemDocument(status: .notFound).response() }
    return response(asset, for: request)
  }

  private func response(_ asset: Asset, for request: HTTPServerRequest) -> HTTPServerResponse {
    guarded(
      HTTPServerResponse.asset(asset.content, contentType: asset.contentType, tag: asset.tag, for: request))
  }

  private func guarded(_ response: HTTPServerResponse) -> HTTPServerResponse {
    var response = response
    response.fields[.contentSecurityPolicy] = Self.contentSecurityPolicy
    response.fields[.xContentTypeOptions] = "nosniff"
    if let name = HTTPField.Name("Referrer-Policy") { response.fields[name] = "no-referrer" }
    return response
  }
}
