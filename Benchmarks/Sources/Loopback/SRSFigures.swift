/// Figures of a peer, to stand beside ours. Taken on another day, so only their order of magnitude is comparable.
enum SRSFigures {
  /// Where they come from.
  static let source = """
    SRS: measured 2024-10 build of SRS 7.0.18 (commit 101382af) on 2 virtual cores of a server CPU, Debian 12, with \
    its server on one core and the load on the other; fan-out figures are of its build with -O2, ingest without RTC.
    """
  /// CPU seconds for each stream-minute, by publishers.
  static let ingest = [1: "0.667", 10: "0.197", 50: "0.109"]
  static let ingestMemory = "1.2 MB"
  static let timeToPublish = "132 ms"
  /// Microseconds of CPU for each RTP packet, by receivers.
  static let fanOut = [1: "143-177 (-g)", 10: "24 (-g)", 50: "10-11.5", 100: "9.3-9.7"]
  static let receiverMemory = "0.56 MB"
  /// Milliseconds, p50 / p99, by receivers.
  static let delay = [1: "0.44 / 4.0", 10: "0.68 / 4.7", 50: "1.9 / 9.6", 100: "2.8 / 14.5"]
  static let firstPicture = "1 047 / 1 997 ms"
}

/// What the project has set itself.
enum Goals {
  static let ingest = "0.05 (50 publishers)"
  static let ingestMemory = "60 kB beside the group of pictures"
  static let timeToPublish = "2 ms"
  static let fanOut = "3 us (100 receivers)"
  static let receiverMemory = "60 kB"
  static let delay = "1 / 4 ms (100 receivers)"
  static let firstPicture = "30 / 100 ms"
  static let rtmps = "1.4"
  static let rtmpt = "3"
  static let idleTunnel = "60 kB"
  static let cut = "500 ms p99"
}
