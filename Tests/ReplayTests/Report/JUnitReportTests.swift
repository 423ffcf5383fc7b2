import Foundation
import Testing

@testable import Replay

#if canImport(FoundationXML)
  import FoundationXML
#endif

struct JUnitReportTests {
  @Test func captureIsASuiteAndSessionIsACase() throws {
    let seen = try ParsedReport(JUnitReport.render(SampleRun.mixed))
    let suites = seen.elements("testsuite")
    #expect(suites.map { $0.attributes["name"] } == ["Fixtures/alice.pcapng", "Fixtures/noise.pcapng"])
    #expect(suites.map { $0.attributes["tests"] } == ["3", "1"])
    #expect(suites.map { $0.attributes["failures"] } == ["1", "0"])
    #expect(suites.map { $0.attributes["errors"] } == ["1", "1"])
    let names = seen.elements("testcase").map { $0.attributes["name"] }
    #expect(names == ["alice-1", "alice-2", "alice-3", "sessions of the capture"])
  }

  @Test(arguments: [SampleRun.mixed, SampleRun.alone, SampleRun.hostileRun, ReplayRun(captures: [])])
  func countsAreThoseOfTheCases(run: ReplayRun) throws {
    let seen = try ParsedReport(JUnitReport.render(run))
    let whole = try #require(seen.elements("testsuites").first)
    for (attribute, element) in [("tests", "testcase"), ("failures", "failure"), ("errors", "error")] {
      let sum = seen.elements("testsuite").compactMap { $0.attributes[attribute].flatMap(Int.init) }.reduce(0, +)
      #expect(whole.attributes[attribute] == "\(sum)")
      #expect(seen.elements(element).count == sum)
    }
  }

  @Test func failureNamesThePacketAndAllDifferences() throws {
    let seen = try ParsedReport(JUnitReport.render(SampleRun.mixed))
    let failure = try #require(seen.elements("failure").first)
    #expect(failure.attributes["message"]?.hasPrefix("packet 8, 0.002 s: ") == true)
    let differences = SampleRun.mixed.captures[0].sessions[1].differences
    #expect(failure.text.split(separator: "\n").map(String.init) == differences.map(\.description))
  }

  @Test func whatCouldNotBeTakenIsSaid() throws {
    let seen = try ParsedReport(JUnitReport.render(SampleRun.mixed))
    #expect(seen.elements("system-out").map(\.text) == ["packet 7 was not captured whole"])
    #expect(seen.elements("error").last?.attributes["message"] == "packet 7 was not captured whole")
  }

  @Test func hostileTextsStayTexts() throws {
    let text = JUnitReport.render(SampleRun.hostileRun)
    #expect(!text.contains("<script"))
    let seen = try ParsedReport(text)
    #expect(seen.elements("testcase").first?.attributes["classname"]?.hasPrefix("</td><script>alert(1)") == true)
  }

  @Test func equalRunsGiveEqualBytes() {
    #expect(JUnitReport.render(SampleRun.mixed) == JUnitReport.render(SampleRun.mixed))
  }
}

/// The elements of a well-formed file, in their order.
private struct ParsedReport {
  struct Element {
    var name: String
    var attributes: [String: String]
    var text = ""
  }

  private let all: [Element]

  init(_ text: String) throws {
    let reader = Reader()
    let parser = XMLParser(data: Data(text.utf8))
    parser.delegate = reader
    let isWellFormed = parser.parse()
    try #require(isWellFormed, "\(String(describing: parser.parserError)) in \(text)")
    all = reader.elements
  }

  func elements(_ name: String) -> [Element] { all.filter { $0.name == name } }

  private final class Reader: NSObject, XMLParserDelegate {
    var elements: [Element] = []
    private var open: [Int] = []

    func parser(
      _ parser: XMLParser, didStartElement name: String, namespaceURI: String?, qualifiedName: String?,
      attributes: [String: String]
    ) {
      open.append(elements.count)
      elements.append(Element(name: name, attributes: attributes))
    }

    func parser(_ parser: XMLParser, foundCharacters text: String) {
      if let index = open.last { elements[index].text += text }
    }

    func parser(_ parser: XMLParser, didEndElement name: String, namespaceURI: String?, qualifiedName: String?) {
      open.removeLast()
    }
  }
}
