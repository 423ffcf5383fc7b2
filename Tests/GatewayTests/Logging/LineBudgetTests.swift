import NIOCore
import Testing

@testable import Gateway

@Suite struct LineBudgetTests {
  @Test func aFloodWritesSoManyLinesASecondAndSaysWhatItLeftOut() {
    let start = NIODeadline.uptimeNanoseconds(1)
    let budget = LineBudget(perSecond: 3, now: start)
    let first = (0..<1_000).map { _ in budget.take(at: start) }
    #expect(first.prefix(3).allSatisfy { $0 == .write(suppressed: 0) })
    #expect(first.dropFirst(3).allSatisfy { $0 == .suppress })
    #expect(budget.take(at: start + .milliseconds(999)) == .suppress)
    #expect(budget.take(at: start + .seconds(1)) == .write(suppressed: 998))
    #expect(budget.take(at: start + .seconds(1)) == .write(suppressed: 0))
  }
}
