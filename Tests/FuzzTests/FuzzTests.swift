import Foundation
import FuzzBodies
import NIOCore
import Seeded
import Testing

/// What libFuzzer runs for minutes runs here for a moment: the kept corpus, all failures of the past, and seeded
/// mutations of both.
@Suite(.timeLimit(.minutes(5))) struct FuzzTests {
  private static let folder = URL(filePath: #filePath).deletingLastPathComponent()
    .appending(path: "../../Fuzzing").standardizedFileURL

  private static func inputs(_ kind: String, _ target: FuzzTarget) throws -> [ByteBuffer] {
    let folder = Self.folder.appending(path: "\(kind)/\(target.rawValue)")
    guard FileManager.default.fileExists(atPath: folder.path) else { return [] }
    return try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
      .sorted { $0.path < $1.path }.map { ByteBuffer(bytes: try Data(contentsOf: $0)) }
  }

  @Test(arguments: FuzzTarget.allCases) func theCorpusAndItsMutationsDoNoHarm(_ target: FuzzTarget) throws {
    let corpus = try Self.inputs("Corpus", target)
    #expect(!corpus.isEmpty)
    let known = corpus + (try Self.inputs("Failures", target))
    for input in known { try target.run(input) }
    var random = SeededGenerator(seed: 11)
    for _ in 0..<Self.mutations {
      guard let input = known.randomElement(using: &random) else { break }
      try target.run(input.mutated(using: &random))
    }
  }

  @Test func theCorpusIsSmallAndNamesItsTargets() throws {
    let folders = try FileManager.default.contentsOfDirectory(atPath: Self.folder.appending(path: "Corpus").path)
    #expect(Set(folders) == Set(FuzzTarget.allCases.map(\.rawValue)))
    for target in FuzzTarget.allCases {
      #expect(try Self.inputs("Corpus", target).allSatisfy { $0.readableBytes <= 16 << 10 })
    }
  }

  private static let mutations = 1_000
}
