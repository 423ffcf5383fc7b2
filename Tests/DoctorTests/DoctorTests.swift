import Testing

@testable import Doctor

@Suite struct LegacyURLTests {
  @Test func theAddressOfAClientIsRead() throws {
    let plain = try LegacyURL("rtmp://old.example.org/live/board")
    #expect(plain.host == "old.example.org" && plain.port == nil && plain.app == "live/board")
    let tunnelled = try LegacyURL("RTMPT://[2001:db8::1]:8080/live/board/")
    #expect(tunnelled.host == "2001:db8::1" && tunnelled.port == 8080 && tunnelled.app == "live/board")
    #expect(tunnelled.tcURL(scheme: "rtmpt", port: 8080) == "rtmpt://[2001:db8::1]:8080/live/board")
  }

  @Test(arguments: [
    "", "rtmp://", "rtmp:///live", "http://host/live", "rtmp://host", "rtmp://host/", "rtmp://host:/live",
    "rtmp://host:0/live", "rtmp://host:65536/live", "rtmp://host:+80/live", "rtmp://user@host/live", "rtmp://[::1/live",
  ]) func anythingElseIsRefused(text: String) {
    #expect(throws: LegacyURL.Malformed(text: text)) { try LegacyURL(text) }
  }
}

@Suite struct WayTests {
  @Test func theWaysAreTriedInThePlayersOrder() throws {
    let ways = Way.all(for: try LegacyURL("rtmp://host/live/board")).map { "\($0.kind.rawValue) \($0.port)" }
    #expect(
      ways == [
        "rtmp 1935", "rtmp 443", "rtmp 80", "rtmpt 80", "rtmps 443", "rtmpts 443", "rtmpe 1935", "rtmpe 443",
        "rtmpe 80",
        "rtmpte 80",
      ])
  }

  @Test func aPortInTheAddressIsTheOnlyOne() throws {
    let ways = Way.all(for: try LegacyURL("rtmp://host:8443/live/board"))
    #expect(Set(ways.map(\.port)) == [8443])
    #expect(ways.map(\.kind) == [.rtmp, .rtmpt, .rtmps, .rtmpts, .rtmpe, .rtmpte])
  }
}

@Suite struct FindingsTableTests {
  @Test func aTableSaysHowFarEachWayLed() {
    var open = Finding(Way(.rtmps, port: 443))
    (open.stage, open.connectMilliseconds, open.roundTripMilliseconds, open.tls) = (.accepted, 1.24, 31.6, "1.3")
    var closed = Finding(Way(.rtmp, port: 1935))
    closed.problem = "connection refused"
    var held = Finding(Way(.rtmpt, port: 80))
    (held.stage, held.connectMilliseconds, held.between) = (.connected, 3, ["Via: 1.1 proxy"])
    let lines = FindingsTable([closed, held, open]).description.split(separator: "\n").map(String.init)
    #expect(
      lines == [
        "way    port  connected  handshake  room  round trip  TLS  between, and why no further",
        "rtmp   1935  no         -          -     -           -    connection refused",
        "rtmpt  80    3.0 ms     no         -     -           -    Via: 1.1 proxy",
        "rtmps  443   1.2 ms     yes        open  32 ms       1.3",
      ])
  }
}
