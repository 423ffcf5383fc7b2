import Edge
import Metrics
import Testing

@testable import Gateway

@Suite struct AdminSurfaceTests {
  private let board = ReadinessBoard()
  private let metrics = GatewayMetrics()
  private var surface: AdminSurface { AdminSurface(metrics: metrics.registry, readiness: board) }

  @Test func healthSaysWhichVersionLives() {
    let answer = surface.answer(method: "GET", path: "/healthz")
    #expect(answer.status == 200)
    #expect(answer.contentType == "application/json")
    #expect(answer.body == "{\"status\":\"alive\",\"version\":\"\(GatewayVersion.text)\"}\n")
    #expect(answer.fields == [.init(name: "Cache-Control", value: "no-store")])
  }

  @Test func readinessFollowsThePhase() {
    for (phase, status) in [(Readiness.Phase.starting, 503), (.ready, 200), (.draining, 503)] {
      board.update { $0.phase = phase }
      let answer = surface.answer(method: "GET", path: "/readyz")
      #expect(answer.status == status)
      #expect(answer.body == "{\"status\":\"\(phase.rawValue)\",\"faults\":[]}\n")
    }
  }

  @Test func aFaultIsToldAndOnlyABlockingOneTurnsSessionsAway() {
    board.update { $0.phase = .ready }
    board.update { $0.report(.init(part: "list", detail: "black.txt:3: not an address", isBlocking: false)) }
    #expect(surface.answer(method: "GET", path: "/readyz").status == 200)
    board.update { $0.report(.init(part: "certificate", detail: "expired", isBlocking: true)) }
    let answer = surface.answer(method: "GET", path: "/readyz")
    #expect(answer.status == 503)
    #expect(
      answer.body == """
        {"status":"faulty","faults":[{"part":"certificate","detail":"expired","blocking":true},\
        {"part":"list","detail":"black.txt:3: not an address","blocking":false}]}

        """)
    board.update { $0.clear(part: "certificate") }
    board.update { $0.report(.init(part: "list", detail: "again", isBlocking: false)) }
    #expect(board.current.isReady)
    #expect(board.current.faults.map(\.detail) == ["again"])
  }

  @Test func metricsAreTheExpositionOfTheRegistry() {
    metrics.rooms().set(2)
    let answer = surface.answer(method: "GET", path: "/metrics")
    #expect(answer.contentType == "text/plain; version=0.0.4; charset=utf-8")
    #expect(answer.body.contains("\nflashgate_rooms 2\n"))
    #expect(answer.body == metrics.registry.exposition())
  }

  @Test func whatIsNotHereIsAProblemDocument() {
    let missing = surface.answer(method: "GET", path: "/nope")
    #expect(missing.status == 404)
    #expect(missing.contentType == "application/problem+json")
    #expect(
      missing.body == """
        {"type":"about:blank","title":"Not Found","status":404,"detail":"Here are /healthz, /readyz and /metrics."}

        """)
    let refused = surface.answer(method: "POST", path: "/healthz")
    #expect(refused.status == 405)
    #expect(refused.fields.contains(.init(name: "Allow", value: "GET, HEAD")))
    #expect(surface.answer(method: "HEAD", path: "/healthz").status == 200)
  }

  @Test func aProblemWithoutDetailLeavesItOut() {
    #expect(
      ProblemDocument(status: .serviceUnavailable).json
        == #"{"type":"about:blank","title":"Service Unavailable","status":503}"#)
  }
}

@Suite struct JSONTests {
  @Test func everyKindOfValueIsWritten() {
    let value: JSON = ["n": .null, "t": true, "i": -7, "a": [1, "x", []], "o": [:]]
    #expect(value.text == #"{"n":null,"t":true,"i":-7,"a":[1,"x",[]],"o":{}}"#)
  }

  @Test func controlsAndLineEndsAreEscaped() {
    #expect(
      JSON.string("\u{0}\u{8}\u{1F}\u{7F}\u{85}\u{2028}\u{2029}/\r\n\"\\é").text
        == #""\u0000\u0008\u001f\u007f\u0085\u2028\u2029/\r\n\"\\é""#)
  }
}
