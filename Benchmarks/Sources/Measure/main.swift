import Foundation
import LoadPeers
import Media

// measure FOLDER              prints times of the parts; FOLDER has the recordings that Scripts/bench makes
// measure FOLDER LIMITS       checks the figures without noise
// FLASHGATE_BENCH_PARTS       of rtmp,amf,rtp,send,door,access,media,workers: those parts alone

// How the worker of WorkerChains is started.
if CommandLine.arguments.dropFirst().elementsEqual([MediaWorkerProcess.verb]) { MediaWorkerProcess.run() }

do {
  guard let folder = CommandLine.arguments.dropFirst().first else {
    print("usage: measure FOLDER [LIMITS]")
    exit(64)
  }
  let publication = try Publication(file: "\(folder)/load.flv")
  let material = try Packetising(publication)
  if let file = CommandLine.arguments.dropFirst(2).first {
    var limits = try Limits(file: file)
    try limits.check(publication, material)
  } else {
    // For profiles of one part.
    let chosen = ProcessInfo.processInfo.environment["FLASHGATE_BENCH_PARTS"]?.split(separator: ",").map(String.init)
    func isChosen(_ part: String) -> Bool { chosen?.contains(part) ?? true }
    let watch = Stopwatch()
    Table.begin()
    if isChosen("rtmp") { try RTMPParsing.measure(publication, watch) }
    if isChosen("amf") { try AMFCoding.measure(watch) }
    if isChosen("rtp") { try material.measure(watch) }
    if isChosen("send") {
      let sending = try Sending(material)
      try sending.measure(watch)
      let batch = try Batch(sending.frames)
      try batch.measure(watch)
    }
    if isChosen("door") { try await FrontDoor.measure() }
    if isChosen("access") { try AccessLists.measure(Stopwatch(rounds: 9)) }
    if isChosen("media") { try Chains.measure(folder: folder, Stopwatch(rounds: 9)) }
    if isChosen("workers") {
      try Chains.measureInProcess(folder: folder, Stopwatch(rounds: 9, clock: WorkerChains.cpuTime))
    }
  }
} catch Limits.Failure.exceeded {
  exit(1)
} catch {
  FileHandle.standardError.write(Data("measure: \(error)\n".utf8))
  exit(70)
}
