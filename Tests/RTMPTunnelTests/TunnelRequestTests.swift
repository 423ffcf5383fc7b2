import NIOCore
import Seeded
import Testing

@testable import RTMPTunnel

@Suite struct TunnelRequestTests {
  private static let id = "0123456789abcdef0123456789abcdef"

  private func request(_ path: String) -> TunnelRequest? {
    TunnelRequest(path: path.split(separator: "/").map(String.init))
  }

  @Test func theRequestsOfPlayersAreRead() throws {
    let id = try #require(TunnelSessionID(Self.id))
    #expect(request("/fcs/ident2") == .identify)
    #expect(request("/open/1") == .open)
    #expect(request("/send/\(Self.id)/0") == .exchange(.send, id, number: 0))
    #expect(request("/idle/\(Self.id)/17") == .exchange(.idle, id, number: 17))
    #expect(request("/close/\(Self.id)/4294967295") == .exchange(.close, id, number: .max))
  }

  @Test(arguments: [
    "", "/", "/fcs", "/fcs/ident", "/fcs/ident2/1", "/open", "/open/2", "/open/1/1", "/send", "/send/1",
    "/send/0123456789abcdef0123456789abcdef", "/send/0123456789ABCDEF0123456789abcdef/1",
    "/send/0123456789abcdef0123456789abcde/1", "/send/0123456789abcdef0123456789abcdef0/1",
    "/send/0123456789abcdef0123456789abcdef/-1", "/send/0123456789abcdef0123456789abcdef/+1",
    "/send/0123456789abcdef0123456789abcdef/4294967296", "/send/0123456789abcdef0123456789abcdef/1/2",
    "/sends/0123456789abcdef0123456789abcdef/1", "/idle/0123456789abcdef0123456789abcdeg/1",
  ]) func everythingElseIsNone(path: String) {
    #expect(request(path) == nil)
  }

  @Test func aChangedPathIsAnotherRequestOrNone() throws {
    var random = SeededGenerator(seed: 5)
    let original = "/send/\(Self.id)/12"
    for _ in 0..<5_000 {
      let path = String(buffer: ByteBuffer(string: original).mutated(using: &random))
      guard let read = request(path), case .exchange(let kind, let id, let number) = read else { continue }
      let written = "/\(kind.rawValue)/\(id)/\(number)"
      #expect(request(written) == read)
    }
  }

  @Test func namesOfSessionsAreReadAsWrittenAndDiffer() {
    var random = SeededGenerator(seed: 1)
    var seen: Set<TunnelSessionID> = []
    for _ in 0..<1_000 {
      let id = TunnelSessionID(random: &random)
      #expect(TunnelSessionID(id.description) == id)
      #expect(seen.insert(id).inserted)
    }
  }
}
