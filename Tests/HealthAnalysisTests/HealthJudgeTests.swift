import SystemInterfaces
import Testing

@testable import HealthAnalysis

@Suite struct HealthJudgeTests {
  private func series(_ name: String, _ failures: Double, requests: Double = 100, isFrontDoor: Bool = false)
    -> WatchedSeries
  {
    var made = Fixture.errors(
      [Double](repeating: failures, count: 30), requests: requests, isFrontDoor: isFrontDoor)
    made.name = name
    return made
  }
  private func idle(_ name: String) -> WatchedSeries {
    var made = series(name, 0, requests: 0)
    made.baseline = []
    made.watch = []
    return made
  }
  private let judge = HealthJudge(window: Fixture.window)

  @Test func `one severe series stops`() {
    let judged = judge.judge([series("a", 1), series("b", 60), series("c", 1)])
    #expect(judged.verdict == .stop)
    #expect(judged.series.map(\.verdict) == [.healthy, .severe, .healthy])
    #expect(!judged.reasons.isEmpty)
    for reason in judged.reasons { #expect(reason.hasPrefix("b (errors): ")) }
  }

  @Test func `degraded series are a go that says so`() {
    let judged = judge.judge([series("a", 1), series("b", 6)])
    #expect(judged.verdict == .go)
    #expect(judged.reasons[0].hasPrefix("b (errors): "))
  }

  @Test func `an idle function holds nothing up, an idle application proves nothing`() {
    let judged = judge.judge([series("a", 1), idle("b"), idle("c")])
    #expect(judged.verdict == .go)
    #expect(
      judged.reasons == [
        "1 of 3 series could be judged, and it stays where it was",
        "2 of 3 series idle, before as after: b (errors), c (errors)",
      ])
    #expect(judge.judge([idle("a"), idle("b")]).verdict == .inconclusive)
    #expect(judge.judge([]).verdict == .inconclusive)
  }

  @Test func `a new function holds nothing up, a new front adapter does`() {
    var new = series("b", 0)
    new.baseline = []
    #expect(judge.judge([series("a", 1, isFrontDoor: true), new]).verdict == .go)
    // With no failure in thousands of requests the absolute bound says enough; with a fifth failing it does not.
    new.isFrontDoor = true
    #expect(judge.judge([series("a", 1), new]).verdict == .go)
    var doubtful = series("b", 20)
    doubtful.baseline = []
    #expect(judge.judge([series("a", 1, isFrontDoor: true), doubtful]).verdict == .go)
    doubtful.isFrontDoor = true
    #expect(judge.judge([series("a", 1), doubtful]).verdict == .inconclusive)
  }

  @Test func `missing data hold everything up`() {
    var partial = series("b", 1)
    partial.gap = "PartialData"
    #expect(judge.judge([series("a", 1, isFrontDoor: true), partial]).verdict == .inconclusive)
  }

  @Test func `half of the false alarms are the front adapter's`() {
    let all = [
      series("api", 1, isFrontDoor: true), series("b", 1), series("c", 1), series("d", 1), series("e", 1),
      WatchedSeries(name: "probe:GET /", kind: .errors),
    ]
    let shares = judge.falseAlarmShares(all)
    #expect(shares[0] == 0.005)
    #expect(shares[1...4].allSatisfy { $0 == 0.00125 })
    #expect(judge.falseAlarmShares(Array(all[1...4])).allSatisfy { $0 == 0.0025 })
    #expect(judge.falseAlarmShares([all[0]]) == [0.01])
  }

  @Test func `a probe alone proves no health, and an outage it does`() {
    let fine = WatchedSeries(
      name: "probe:GET /", kind: .errors,
      watch: Fixture.watch([(value: Double, count: Double)](repeating: (0, 1), count: 30)))
    #expect(judge.judge([fine]).verdict == .inconclusive)
    var down = fine
    down.watch = Fixture.watch([(value: Double, count: Double)](repeating: (1, 1), count: 5))
    #expect(judge.judge([series("a", 1), down]).verdict == .stop)
  }

  @Test func `the order of the series changes no verdict`() {
    let all = [series("a", 1, isFrontDoor: true), series("b", 6), series("c", 12), idle("d")]
    let verdicts = judge.judge(all).series.map(\.verdict)
    #expect(judge.judge(all.reversed()).series.map(\.verdict) == verdicts.reversed())
  }

  @Test func `wording is plain`() {
    #expect(percent(0.1234) == "12.3 %")
    #expect(whole(1234.4) == "1234")
    #expect(decimal(-0.04, places: 1) == "0.0")
    #expect(decimal(-2.55, places: 1) == "-2.6" || decimal(-2.55, places: 1) == "-2.5")
    #expect(decimal(3.05, places: 2) == "3.05")
  }
}
