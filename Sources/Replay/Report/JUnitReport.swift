/// The report that CI systems read: a suite for each capture, a case for each session.
public enum JUnitReport: ReplayReport {
  /// `.xml`.
  public static let fileExtension = "xml"

  /// A case fails when something differs, and is in error when its session could not be replayed; so is the one case of
  /// a capture without any session.
  public static func render(_ run: ReplayRun) -> String {
    let suites = run.captures.map(suite)
    var text = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
    let attributes = [("name", "flashgate replay")] + Counts(suites.map(\.counts)).attributes
    Markup.element("testsuites", attributes, suites.map(\.markup)).write(to: &text)
    return text + "\n"
  }

  /// Cases of a suite, or of all.
  private struct Counts {
    var tests = 0
    var failures = 0
    var errors = 0

    init() {}

    init(_ parts: [Counts]) {
      for part in parts {
        tests += part.tests
        failures += part.failures
        errors += part.errors
      }
    }

    var attributes: [(String, String)] {
      [("tests", "\(tests)"), ("failures", "\(failures)"), ("errors", "\(errors)"), ("skipped", "0")]
    }
  }

  private static func suite(_ capture: CaptureOutcome) -> (markup: Markup, counts: Counts) {
    var counts = Counts()
    var cases: [Markup] = []
    for session in capture.sessions {
      counts.tests += 1
      counts.errors += session.fault == nil ? 0 : 1
      counts.failures += session.fault == nil && session.differs ? 1 : 0
      cases.append(testCase(session, of: capture))
    }
    if capture.sessions.isEmpty {
      counts.tests += 1
      counts.errors += 1
      let reason = capture.notices.last ?? "no session in this capture"
      cases.append(
        .element(
          "testcase", [("classname", capture.path), ("name", "sessions of the capture")],
          [.element("error", [("type", "capture"), ("message", reason)], reason)]))
    }
    if !capture.notices.isEmpty {
      cases.append(.element("system-out", [], capture.notices.joined(separator: "\n")))
    }
    return (.element("testsuite", [("name", capture.path)] + counts.attributes, cases), counts)
  }

  private static func testCase(_ session: SessionOutcome, of capture: CaptureOutcome) -> Markup {
    var children: [Markup] = []
    let lines = session.differences.map(\.description)
    if let fault = session.fault {
      children.append(
        .element("error", [("type", "replay"), ("message", fault)], ([fault] + lines).joined(separator: "\n")))
    } else if let first = lines.first {
      let more = lines.count > 1 ? " (and \(lines.count - 1) more)" : ""
      children.append(
        .element("failure", [("type", "difference"), ("message", first + more)], lines.joined(separator: "\n")))
    }
    return .element("testcase", [("classname", capture.path), ("name", session.result.name)], children)
  }
}
