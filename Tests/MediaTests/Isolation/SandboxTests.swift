import CSandbox
import NIOCore
import Testing

@testable import Media

@Suite(.timeLimit(.minutes(2))) struct SandboxTests {
  /// In the order of `try_everything` in Tests/TestWorker.
  static let attempts = [
    "inherits a descriptor", "inherits the environment", "opens a file", "makes a file", "opens a network socket",
    "opens a local socket", "connects its socket elsewhere", "doubles its descriptor", "runs a program",
    "begins a process", "sends a signal", "traces another process", "maps executable memory",
    "makes memory executable", "takes more memory than allowed", "changes its folder", "becomes traceable",
  ]

  @Test func aConfinedProcessCanDoNothingButTalk() throws {
    let process = try WorkerProcess(.broken("confined"))
    process.socket.setReceiveTimeout(.seconds(60))
    var results = ByteBuffer()
    while results.readableBytes < 1 { try process.socket.receive(into: &results) }
    let first: UInt8? = results.readInteger()
    let missing = Confinement(rawValue: try #require(first))
    // Sanitizers cannot live with the filter; then there is nothing to see here.
    if missing.contains(.filter) { return }
    #expect(missing.isEmpty)
    while results.readableBytes < Self.attempts.count { try process.socket.receive(into: &results) }
    let succeeded = zip(Self.attempts, results.readableBytesView).filter { $1 != 0 }.map(\.0)
    #expect(succeeded.isEmpty)
  }

  @Test func theGatewaysOwnBinaryIsAWorkerThatConfinesItself() throws {
    let missing = try WorkerProgram.honest.probe()
    #expect(missing.isEmpty || missing == .filter)
  }

  @Test(arguments: ["ends", "other-version"]) func aProgramThatIsNoWorkerIsFoundOut(_ kind: String) {
    #expect(throws: WorkerLoss.self) { try WorkerProgram.broken(kind).probe() }
  }

  @Test func aProgramThatIsNotThereIsFoundOut() {
    #expect(throws: WorkerLoss.self) { try WorkerProgram(path: "/nowhere/flashgate", arguments: []).probe() }
  }
}
