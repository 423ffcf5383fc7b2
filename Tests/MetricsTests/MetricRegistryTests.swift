import Testing

@testable import Metrics

@Suite struct MetricRegistryTests {
  @Test func theTextIsTheExpositionFormat() {
    let registry = MetricRegistry()
    let bytes = registry.counter("wire_bytes_total", help: "Bytes.", labels: ["direction"])
    bytes("out").add(7)
    bytes("in").add(5)
    registry.gauge("rooms", help: "Rooms.")().set(3)
    let delay = registry.histogram("delay_seconds", help: "Delay.", bounds: [500_000, 1_000_000_000])
    delay().record(.milliseconds(1))
    let work = registry.counter("work_seconds_total", help: "Work.", unit: .nanoseconds)
    work().add(.milliseconds(1500))
    #expect(
      registry.exposition() == """
        # HELP wire_bytes_total Bytes.
        # TYPE wire_bytes_total counter
        wire_bytes_total{direction="in"} 5
        wire_bytes_total{direction="out"} 7
        # HELP rooms Rooms.
        # TYPE rooms gauge
        rooms 3
        # HELP delay_seconds Delay.
        # TYPE delay_seconds histogram
        delay_seconds_bucket{le="0.0005"} 0
        delay_seconds_bucket{le="1"} 1
        delay_seconds_bucket{le="+Inf"} 1
        delay_seconds_sum 0.001
        delay_seconds_count 1
        # HELP work_seconds_total Work.
        # TYPE work_seconds_total counter
        work_seconds_total 1.5

        """)
  }

  @Test func labelValuesAndHelpAreEscaped() {
    let registry = MetricRegistry()
    registry.counter("c_total", help: "a\\b\n\"c\"", labels: ["l"])("a\\b\n\"c\"").add()
    #expect(
      registry.exposition() == """
        # HELP c_total a\\\\b\\n"c"
        # TYPE c_total counter
        c_total{l="a\\\\b\\n\\"c\\""} 1

        """)
  }

  @Test func theSameLabelsGiveTheSameSeries() {
    let family = MetricRegistry().counter("c_total", help: "c", labels: ["a", "b"])
    #expect(family("x", "y") === family("x", "y"))
    #expect(family("x", "y") !== family("y", "x"))
  }

  @Test func labelSetsPastTheLimitShareOneSeries() {
    let family = MetricFamily(name: "c", help: "", labels: ["a"], maximumSeries: 3, make: { Counter() })
    let third = (0..<3).map { family(String($0)) }[2]
    #expect(family("2") === third)
    let fourth = family("3")
    #expect(fourth !== third)
    #expect(family("4") === fourth)
    #expect(family.sorted().map(\.values) == [["0"], ["1"], ["2"], ["other"]])
  }

  @Test func observedValuesAreReadAtEachScrape() {
    let registry = MetricRegistry()
    let source = Gauge()
    registry.observed("cpu_seconds_total", help: "CPU.", kind: .counter, labels: ["from"], unit: .nanoseconds) {
      [.init(labels: ["flv1"], value: source.value), .init(labels: ["too", "many"], value: 1)]
    }
    source.set(-2_500_000_000)
    #expect(registry.exposition().hasSuffix("cpu_seconds_total{from=\"flv1\"} -2.5\n"))
    source.set(1)
    #expect(registry.exposition().hasSuffix("cpu_seconds_total{from=\"flv1\"} 0.000000001\n"))
  }

  @Test(
    arguments: [
      (0, "0"), (1, "0.000000001"), (1_000_000_000, "1"), (1_050_000_000, "1.05"),
      (UInt64.max, "18446744073.709551615"),
    ] as [(UInt64, String)])
  func nanosecondsAreWrittenAsSecondsWithoutLoss(nanoseconds: UInt64, text: String) {
    #expect(TextExposition.number(nanoseconds, .nanoseconds) == text)
  }

  @Test(arguments: [
    ("flashgate_rooms", true), ("a:b", true), ("_x9", true), ("", false), ("9a", false), ("a-b", false), ("ä", false),
  ])
  func metricNamesKeepToTheAlphabet(name: String, valid: Bool) {
    #expect(MetricName.isValid(name) == valid)
  }

  @Test func labelNamesAreStricterThanMetricNames() {
    #expect(MetricName.isValidLabel("direction"))
    #expect(!MetricName.isValidLabel("a:b"))
    #expect(!MetricName.isValidLabel("__name__"))
  }
}
