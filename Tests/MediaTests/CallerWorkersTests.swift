import Synchronization
import Testing

@testable import Media

/// Workers without threads: what replays in virtual time run their codecs on.
@Suite struct CallerWorkersTests {
  private let label = TranscodeLabel(from: "flv1", to: "vp8")

  private final class Notes: Sendable {
    private let lines = Mutex<[String]>([])
    func add(_ line: String) { lines.withLock { $0.append(line) } }
    var all: [String] { lines.withLock { $0 } }
  }

  private final class Confined {
    let notes: Notes
    init(_ notes: Notes) { self.notes = notes }
    deinit { notes.add("freed") }
  }

  @Test func aJobIsDoneWhenSubmitReturns() {
    let workers = MediaWorkers(codecs: .caller)
    let notes = Notes()
    let lane = workers.lane(label) { 0 }
    for number in 1...3 {
      lane.submit(at: 0) { count in
        count += number
        notes.add("\(count)")
      }
      #expect(notes.all.count == number)
    }
    #expect(notes.all == ["1", "3", "6"])
    workers.shutDown()
  }

  @Test func whatAJobSubmitsComesBehindIt() {
    let workers = MediaWorkers(codecs: .caller)
    let notes = Notes()
    let other = workers.lane(label) { 0 }
    let lane = workers.lane(label) { 0 }
    lane.submit { _ in
      other.submit { _ in notes.add("inner") }
      notes.add("outer")
    }
    #expect(notes.all == ["outer", "inner"])
  }

  @Test func aLaneThatIsClosedInsideOfItsJobIsFreedBehindIt() {
    let workers = MediaWorkers(codecs: .caller)
    let notes = Notes()
    let lane = workers.lane(label) { Confined(notes) }
    lane.submit { [lane] _ in
      lane.close()
      notes.add("done")
    }
    #expect(notes.all == ["done", "freed"])
    #expect(lane.submit { _ in notes.add("ran after close") } == .closed)
  }

  @Test func nothingIsRefusedHoweverLongItTakes() {
    let workers = MediaWorkers(codecs: .caller)
    let lane = workers.lane(label, limits: .init(frames: 1, span: 1)) { 0 }
    for time in 0..<1_000 { #expect(lane.submit(at: Int64(time) * 1_000_000) { $0 += 1 } == .accepted(waiting: 1)) }
  }

  @Test func afterShutDownNothingRuns() {
    let workers = MediaWorkers(codecs: .caller)
    let notes = Notes()
    let lane = workers.lane(label) { Confined(notes) }
    lane.submit { _ in }
    workers.shutDown()
    #expect(notes.all == ["freed"])
    #expect(lane.submit { _ in notes.add("ran") } == .closed)
  }
}
