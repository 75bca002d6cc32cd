import Testing

@testable import HealthAnalysis

@Suite struct BurstCountTests {
  private func count(_ bursts: Int, days: Int = 1, falseAlarms: Double = 0.002) -> BurstCount {
    var before = [Bool](repeating: false, count: 1440 * days)
    for burst in 0..<bursts { before[burst * 1440 * days / max(1, bursts)] = true }
    return BurstCount(falseAlarms: falseAlarms, before: before, looks: 30)
  }

  @Test(arguments: [(0, 3), (6, 3), (12, 4), (48, 6)])
  func `the more bursts a day has, the more are no accident`(bursts: Int, fewest: Int) {
    #expect(count(bursts).fewest == fewest)
  }

  @Test func `a series that always comes and goes is not found`() {
    let alternating = BurstCount(falseAlarms: 0.002, before: (0..<1440).map { $0 % 2 == 0 }, looks: 30)
    #expect(alternating.first(in: (0..<30).map { $0 % 2 == 0 }) { _ in true } == nil)
  }

  @Test func `what comes and goes is found with the burst that is one too many, after a while`() {
    let bad = (0..<30).map { $0 % 4 == 0 }
    #expect(count(0).first(in: bad) { _ in true } == 0...12)
    #expect(count(0).first(in: bad) { $0.count > 15 } == 0...16)
    #expect(count(0).first(in: bad) { _ in false } == nil)
    #expect(count(0).first(in: Array(bad.prefix(8))) { _ in true } == nil)
  }
}
