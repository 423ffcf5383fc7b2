import Foundation
import LoadPeers

// measure FOLDER              prints times of the parts; FOLDER has the recordings that Scripts/bench makes
// measure FOLDER LIMITS       checks the figures without noise

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
    let watch = Stopwatch()
    Table.begin()
    try RTMPParsing.measure(publication, watch)
    try AMFCoding.measure(watch)
    try material.measure(watch)
    let sending = try Sending(material)
    try sending.measure(watch)
    let batch = try Batch(sending.frames)
    try batch.measure(watch)
    try Chains.measure(folder: folder, Stopwatch(rounds: 9))
  }
} catch Limits.Failure.exceeded {
  exit(1)
} catch {
  FileHandle.standardError.write(Data("measure: \(error)\n".utf8))
  exit(70)
}
