import NIOCore
import NIOPosix
import Synchronization
import Testing

@testable import Replay

@Suite struct VirtualLoopTests {
  private final class Notes: Sendable {
    private let lines = Mutex<[String]>([])
    func add(_ line: String) { lines.withLock { $0.append(line) } }
    var all: [String] { lines.withLock { $0 } }
  }

  @Test func timersFireInTheirOrderAndNotBefore() {
    let loop = VirtualLoop()
    let notes = Notes()
    loop.drive {
      let begin = loop.now
      loop.scheduleTask(in: .seconds(2)) { notes.add("late") }
      loop.scheduleTask(in: .seconds(1)) { notes.add("early") }
      loop.scheduleTask(in: .seconds(1)) { notes.add("early too") }
      let cancelled = loop.scheduleTask(in: .seconds(1)) { notes.add("never") }
      cancelled.cancel()
      loop.settle()
      #expect(notes.all == [])
      #expect(loop.nextDeadline == begin + .seconds(1))
      loop.advance(to: begin + .seconds(1))
      loop.settle()
      #expect(notes.all == ["early", "early too"])
      loop.advance(to: begin + .seconds(3))
      loop.settle()
      #expect(notes.all.last == "late")
      #expect(loop.nextDeadline == nil)
      #expect(loop.now == begin + .seconds(3))
    }
  }

  @Test func tasksRunOnTheLoopAndBeforeItsOwn() {
    let loop = VirtualLoop()
    let notes = Notes()
    loop.drive {
      loop.execute { notes.add("loop") }
      loop.start {
        notes.add(loop.inEventLoop ? "task" : "task elsewhere")
        await Task.yield()
        notes.add("task again")
      }
      loop.settle()
    }
    #expect(notes.all == ["task", "task again", "loop"])
  }

  @Test func sleepersWakeInVirtualTime() {
    let loop = VirtualLoop()
    let notes = Notes()
    loop.drive {
      loop.start {
        await loop.sleep(for: .seconds(3600))
        notes.add("awake")
      }
      loop.settle()
      #expect(notes.all == [])
      loop.advance(to: loop.now + .seconds(3600))
      loop.settle()
      #expect(notes.all == ["awake"])
    }
  }

  @Test func timeStandsUntilAnAnswerFromOutsideIsThere() {
    let loop = VirtualLoop()
    let others = MultiThreadedEventLoopGroup.singleton
    let answer = loop.drive {
      loop.complete {
        (try? await others.next().scheduleTask(in: .milliseconds(20)) { "from outside" }.futureResult.get()) ?? ""
      }
    }
    #expect(answer == "from outside")
  }
}
