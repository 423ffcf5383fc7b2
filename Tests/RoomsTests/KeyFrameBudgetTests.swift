import NIOCore
import Testing

@testable import Rooms

@Suite struct KeyFrameBudgetTests {
  @Test func aFloodOfRequestsIsServedAboutThreeTimesASecond() {
    var budget = KeyFrameBudget()
    let start = NIODeadline.uptimeNanoseconds(5_000_000_000)
    let served = (0..<250).filter { budget.take(at: start + .milliseconds($0 * 40)) }.count
    #expect((25...32).contains(served), "\(served) in 10 s")
  }

  @Test func twoInARowAreServedAtOnceAndAThirdWaits() {
    var budget = KeyFrameBudget()
    let now = NIODeadline.uptimeNanoseconds(5_000_000_000)
    let asked = [0, 0, 0, 349, 350, 350, 700].map { budget.take(at: now + .milliseconds($0)) }
    #expect(asked == [true, true, false, false, true, false, true])
    // After a quiet time all is there again, and no more than that.
    let later = now + .seconds(60)
    let taken = (0..<5).filter { _ in budget.take(at: later) }.count
    #expect(taken == KeyFrameBudget.size)
  }
}
