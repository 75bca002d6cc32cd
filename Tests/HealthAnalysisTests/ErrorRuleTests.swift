import SystemInterfaces
import Testing

@testable import HealthAnalysis

@Suite struct ErrorRuleTests {
  private func steady(_ failures: Double, minutes: Int = 30) -> [Double] {
    [Double](repeating: failures, count: minutes)
  }

  @Test func `errors that stay where they were are healthy`() {
    let judged = Fixture.judge(Fixture.errors(steady(1)))
    #expect(judged.verdict == .healthy)
    #expect(judged.onset == nil)
    #expect(judged.baseline["rate"] == 0.01)
    #expect(judged.baseline["margin"] == 0.02)
    #expect(judged.observed["requests"] == 3000)
  }

  @Test func `a failing version is severe from its first minute`() throws {
    let judged = Fixture.judge(Fixture.errors(steady(50)))
    #expect(judged.verdict == .severe)
    #expect(judged.onset == Fixture.deployment)
    #expect(judged.decidedAt == Fixture.deployment + .seconds(120))
    let needed = try #require(judged.observed["evidenceNeeded"])
    #expect(judged.evidence >= needed)
    #expect(judged.observed["rateSinceOnset"] == 0.5)
  }

  @Test func `a late fault has its own onset`() {
    let judged = Fixture.judge(Fixture.errors(steady(1, minutes: 10) + steady(30, minutes: 20)))
    #expect(judged.verdict == .severe)
    #expect(judged.onset == Fixture.deployment + .seconds(600))
  }

  @Test func `two minutes of total failure are a transient`() {
    let judged = Fixture.judge(Fixture.errors(steady(100, minutes: 2) + steady(1, minutes: 28)))
    #expect(judged.verdict == .healthy)
  }

  @Test func `a rise that stays under ten per cent is degraded`() {
    let judged = Fixture.judge(Fixture.errors(steady(6)))
    #expect(judged.verdict == .degraded)
    #expect(judged.onset == Fixture.deployment)
  }

  @Test func `with no failure, twenty-nine requests prove health and twenty-eight do not`() {
    func verdict(_ requests: Double) -> SeriesVerdict {
      var series = Fixture.errors([], baseline: Fixture.baseline(100, requests: 1) { _ in 0 })
      series.watch = Fixture.watch((0..<30).map { (0, Double($0) < requests ? 1 : 0) })
      return Fixture.judge(series).verdict
    }
    #expect(verdict(29) == .healthy)
    #expect(verdict(28) == .inconclusive)
  }

  @Test(arguments: [
    (0.0, SeriesVerdict.healthy, nil), (1, .healthy, nil), (20, .inconclusive, Doubt.noBaseline),
    (50, .severe, nil),
    (100, .severe, nil),
  ])
  func `without a past absolute bounds judge`(failures: Double, verdict: SeriesVerdict, doubt: Doubt?) {
    let judged = Fixture.judge(Fixture.errors(steady(failures), baseline: []))
    #expect(judged.verdict == verdict)
    #expect(judged.doubt == doubt)
  }

  @Test func `a new part of which every request failed is severe, however few its minutes`() {
    let judged = Fixture.judge(Fixture.errors(steady(500, minutes: 3), requests: 500, baseline: []))
    #expect(judged.verdict == .severe)
    #expect(
      judged.reasons == [
        "1500 of 1500 requests failed; there is no past to compare with, and about half failing is no normal"
      ])
  }

  @Test func `traffic that vanished is no health`() {
    let gone = Fixture.judge(Fixture.errors([0, 0, 0]))
    #expect(gone.verdict == .inconclusive)
    #expect(gone.doubt == .vanished)
    let late = Fixture.judge(Fixture.errors(steady(1, minutes: 15)))
    #expect(late.doubt == .vanished)
  }

  @Test func `partial data are no health`() {
    var series = Fixture.errors(steady(1))
    series.gap = "CloudWatch says PartialData"
    let judged = Fixture.judge(series)
    #expect(judged.verdict == .inconclusive)
    #expect(judged.doubt == .notWhole)
    #expect(judged.reasons == ["the data are not whole: CloudWatch says PartialData"])
  }

  @Test func `partial data do not hide a fault`() {
    var series = Fixture.errors(steady(60))
    series.gap = "CloudWatch says PartialData"
    #expect(Fixture.judge(series).verdict == .severe)
  }

  @Test func `a series that fails half of the time when all is well is measured by itself`() {
    let noisy = Fixture.baseline(1440, requests: 20) { $0 % 2 == 0 ? 8 : 12 }
    let same = Fixture.errors([8, 12, 9, 11, 10, 10, 8, 12, 12, 11], requests: 20, baseline: noisy)
    #expect(Fixture.judge(same).verdict != .severe)
    let worse = Fixture.errors(steady(20), requests: 20, baseline: noisy)
    let judged = Fixture.judge(worse)
    #expect(judged.verdict == .severe)
    #expect(judged.baseline["margin"].map { $0 > 0.5 && $0 <= 0.95 } == true)
  }

  @Test func `a series may have a threshold of its own`() {
    var series = Fixture.errors(steady(30))
    series.severeRate = 0.5
    #expect(Fixture.judge(series).verdict == .degraded)
    series.watch = Fixture.errors(steady(80)).watch
    #expect(Fixture.judge(series).verdict == .severe)
  }

  @Test func `before the end a doubtful rate is not severe`() {
    // 11 of 100 a minute is over ten per cent, and four minutes of it are no proof.
    var window = Fixture.window
    window.isComplete = false
    #expect(Fixture.judge(Fixture.errors(steady(11, minutes: 3)), window: window).verdict != .severe)
    #expect(Fixture.judge(Fixture.errors(steady(11)), window: Fixture.window).verdict == .severe)
  }

  @Test func `more failures never make a series better`() {
    let order: [SeriesVerdict: Int] = [.healthy: 0, .inconclusive: 0, .degraded: 1, .severe: 2]
    for requests in [20.0, 100, 1000] {
      var worst = 0
      for rate in stride(from: 0.0, through: 1, by: 0.02) {
        let judged = Fixture.judge(Fixture.errors(steady((requests * rate).rounded()), requests: requests))
        let rank = order[judged.verdict] ?? 0
        #expect(rank >= worst, "\(requests) requests, \(rate)")
        worst = max(worst, rank)
      }
      #expect(worst == 2)
    }
  }

  @Test func `judging is pure`() {
    let series = Fixture.errors((0..<30).map { Double($0) })
    #expect(Fixture.judge(series) == Fixture.judge(series))
  }
}
