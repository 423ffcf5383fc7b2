import Foundation
import LoadPeers

// loopback GATEWAY RECORDING.flv [RUNS [SECONDS]]: loads the gateway's binary and prints tables.

func median<Result>(_ results: [Result], _ value: (Result) -> Double) -> Double {
  results.map(value).sorted()[results.count / 2]
}

func text(_ value: Double, _ digits: Int = 2) -> String { String(format: "%.\(digits)f", value) }

func line(_ words: String...) {
  print("| " + words.joined(separator: " | ") + " |")
  fflush(nil)
}

/// The sizes of the load, which the environment may choose.
func numbers(_ name: String, _ others: [Int]) -> [Int] {
  ProcessInfo.processInfo.environment[name].map { $0.split(separator: ",").compactMap { Int($0) } } ?? others
}

do {
  let arguments = CommandLine.arguments
  guard arguments.count > 2, let identity = ReceiverIdentity(startsSRTP: true) else {
    print("usage: loopback GATEWAY RECORDING [RUNS [SECONDS]]")
    exit(64)
  }
  let runs = arguments.count > 3 ? Int(arguments[3]) ?? 3 : 3
  let cases = Cases(
    binary: arguments[1], publication: try Publication(file: arguments[2], isStamped: true), identity: identity,
    window: arguments.count > 4 ? Double(arguments[4]) ?? 8 : 8)

  let publishers = numbers("FLASHGATE_BENCH_PUBLISHERS", [1, 10, 50])
  let receivers = numbers("FLASHGATE_BENCH_RECEIVERS", [1, 10, 50, 100])
  print("\nRTMP ingest, about 1 Mb/s each, nobody listening (median of \(runs))\n")
  line(
    "publishers", "CPU-s per stream-minute", "SRS", "memory per publisher, its group of pictures included", "SRS",
    "connect to publish answered, p50", "SRS")
  line("---", "---", "---", "---", "---", "---", "---")
  for count in publishers {
    let results = try (0..<runs).map { _ in try cases.ingest(count) }
    line(
      "\(count)", text(median(results, \.cpuPerStreamMinute), 3), SRSFigures.ingest[count] ?? "",
      "\(text(median(results, \.memoryPerPublisher) / 1000, 0)) kB", SRSFigures.ingestMemory,
      "\(text(median(results, \.timeToPublish))) ms", SRSFigures.timeToPublish)
  }
  if let count = publishers.last {
    let memory = try median((0..<runs).map { _ in try cases.memoryWithoutPictures(count) }) { $0 }
    line("\(count), sound alone", "", "", "\(text(memory / 1000, 0)) kB", "", "", "")
  }
  line("goal", Goals.ingest, "", Goals.ingestMemory, "", Goals.timeToPublish, "")

  print("\nFan-out of one H.264 and AAC publisher by WHEP, AES-128-GCM (median of \(runs))\n")
  line(
    "receivers", "CPU per RTP packet, AAC to Opus included", "SRS", "RTP/s", "memory per receiver after the first",
    "SRS", "write to last packet, p50 / p99", "SRS", "offer to first key picture, p50 / max", "SRS", "lost",
    "waited for a core")
  line("---", "---", "---", "---", "---", "---", "---", "---", "---", "---", "---", "---")
  for count in receivers {
    let results = try (0..<runs).map { _ in try cases.fanOut(count) }
    line(
      "\(count)", "\(text(median(results, \.cpuPerPacket))) us", SRSFigures.fanOut[count] ?? "",
      text(median(results, \.packetsPerSecond), 0),
      count > 1 ? "\(text(median(results, \.memoryPerReceiver) / 1000, 0)) kB" : "",
      SRSFigures.receiverMemory, "\(text(median(results, \.delay50))) / \(text(median(results, \.delay99))) ms",
      SRSFigures.delay[count] ?? "",
      "\(text(median(results, \.firstPicture50))) / \(text(median(results, \.firstPictureMax))) ms",
      SRSFigures.firstPicture, "\(results.reduce(0) { $0 + $1.missing })",
      "\(text(median(results, \.waited) * 100, 0)) %")
  }
  line("goal", Goals.fanOut, "", "", Goals.receiverMemory, "", Goals.delay, "", Goals.firstPicture, "", "0", "")

  if let count = publishers.last {
    print("\nWays in, \(count) publishers each (median of \(runs), in turn)\n")
    line("way", "CPU-s per stream-minute", "over RTMP", "goal")
    line("---", "---", "---", "---")
    var costs: [Scene.Way: [Double]] = [:]
    for _ in 0..<runs {
      for way in [Scene.Way.rtmp, .rtmps, .rtmpt] {
        costs[way, default: []].append(try cases.ingest(count, by: way).cpuPerStreamMinute)
      }
    }
    for (way, goal) in [(Scene.Way.rtmp, ""), (.rtmps, Goals.rtmps), (.rtmpt, Goals.rtmpt)] {
      let ratios = zip(costs[way] ?? [], costs[.rtmp] ?? []).map { $0 / $1 }
      line(way.rawValue, text(median(costs[way] ?? [], { $0 }), 3), text(median(ratios, { $0 })), goal)
    }
  }
  for count in numbers("FLASHGATE_BENCH_TUNNELS", [2000]) where count > 0 {
    let memory = try cases.idleTunnels(count)
    print("\n\(count) idle tunnel sessions: \(text(memory / 1000, 0)) kB each (goal: \(Goals.idleTunnel))")
  }
  for count in numbers("FLASHGATE_BENCH_CUT", [5000]) where count > 1 {
    let cut = try cases.cut(count)
    print(
      "\n\(count) sessions, half of them refused by new rules: gone after \(text(cut.p50, 0)) / \(text(cut.p99, 0)) / "
        + "\(text(cut.max, 0)) ms, p50 / p99 / max (goal: \(Goals.cut))")
  }

  let (publisherCount, receiverCount) = (50, 100)
  let seconds = numbers("FLASHGATE_BENCH_TOGETHER", [60]).first ?? 0
  if seconds > 0 {
    let result = try cases.together(
      publishers: publisherCount, receivers: receiverCount, seconds: Double(seconds))
    print("\n\(publisherCount) publishers and \(receiverCount) receivers at once, for \(seconds) s\n")
    line("RTP packets", "lost", "write to last packet, p50 / p99", "share of a core")
    line("---", "---", "---", "---")
    line(
      "\(result.packets)", "\(result.missing)", "\(text(result.delay50)) / \(text(result.delay99)) ms",
      "\(text(result.cpuShare * 100, 0)) %")
  }
  print("\n\(SRSFigures.source)")
} catch {
  FileHandle.standardError.write(Data("loopback: \(error)\n".utf8))
  exit(70)
}
