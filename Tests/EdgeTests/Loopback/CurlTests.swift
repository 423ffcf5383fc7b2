import Foundation
import Testing

@testable import Edge

/// A client that we did not write.
@Suite(.timeLimit(.minutes(4))) struct CurlTests {
  /// Runs curl and returns what it printed.
  private func curl(_ arguments: [String]) async throws -> String {
    let curl = Process()
    curl.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    curl.arguments = ["curl", "--silent", "--show-error", "--insecure", "--max-time", "20"] + arguments
    let output = Pipe()
    curl.standardOutput = output
    curl.standardError = output
    try await withCheckedThrowingContinuation { (done: CheckedContinuation<Void, any Error>) in
      curl.terminationHandler = { _ in done.resume() }
      do { try curl.run() } catch { done.resume(throwing: error) }
    }
    return String(decoding: try output.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self)
  }

  @Test func curlIsServedInEveryWayItAsks() async throws {
    let certificate = try TestCertificate()
    let tls = try TLSContextSource(certificate.settings())
    try await ListenerTests.withListener(accept: [.https], tls: tls) { listener, _ in
      let base = "https://127.0.0.1:\(listener.localAddress.port ?? 0)"
      let plain = try await curl(["\(base)/a", "\(base)/b", "--write-out", " %{num_connects};"])
      #expect(plain == "GET /a  1;GET /b  0;")
      let head = try await curl(["--head", "\(base)/h"])
      #expect(head.hasPrefix("HTTP/1.1 200 OK\r\n"))
      #expect(head.contains("Content-Length: 8\r\n"))
      let old = try await curl(["--http1.0", "--tls-max", "1.2", "\(base)/old"])
      #expect(old == "GET /old ")
      let waiting = try await curl(["--header", "Expect: 100-continue", "--data", "body", "\(base)/post", "--include"])
      #expect(waiting.hasPrefix("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n"))
      #expect(waiting.hasSuffix("POST /post body"))
      let chunked = try await curl([
        "--header", "Transfer-Encoding: chunked", "--request", "PATCH", "--data", "piece", "\(base)/chunked",
      ])
      #expect(chunked == "PATCH /chunked piece")
      let tooMuch = try await curl([
        "--data", String(repeating: "x", count: 100_000), "\(base)/big", "--write-out", "%{http_code}", "--output",
        "/dev/null",
      ])
      #expect(tooMuch == "413")
    }
  }
}
