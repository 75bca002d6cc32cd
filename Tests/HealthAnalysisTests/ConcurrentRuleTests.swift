import SystemInterfaces
import Testing

@testable import HealthAnalysis

/// A new version beside the old one at the same time: table of hand-made watches.
@Suite struct ConcurrentRuleTests {
  /// Half an hour at `share` of 1000 requests a minute; rates by minute.
  private func pair(
    requests: Double = 1000, share: Double = 0.1, baselineRate: Double? = 0.01, new: (Int) -> Double,
    old: (Int) -> Double
  ) -> WatchedSeries {
    func points(_ requests: Double, _ rate: (Int) -> Double) -> [SeriesPoint] {
      Fixture.watch((0..<30).map { (value: (requests * rate($0)).rounded(), count: requests) })
    }
    var series = WatchedSeries(
      name: "checkout@new", kind: .errors,
      baseline: baselineRate.map { rate in Fixture.baseline(1440, requests: requests) { _ in requests * rate }
      } ?? [],
      watch: points(requests * share, new))
    series.concurrent = ConcurrentSeries(
      points: points(requests * (1 - share), old), newVersion: "version 7", oldVersion: "version 6",
      share: share)
    return series
  }

  @Test func `a bad new version is severe, with the counts of both`() throws {
    let judged = Fixture.judge(pair(new: { _ in 0.3 }, old: { _ in 0.01 }))
    #expect(judged.verdict == .severe)
    #expect(
      judged.reasons[0].contains("version 7") && judged.reasons[0].contains("1.0 % (27 of 2700) in version 6")
    )
    let compared = try #require(judged.comparison)
    #expect(compared.new["failures"] == 900 && compared.old["requests"] == 27_000)
    #expect(compared.share == 0.1 && compared.wantedShare == 0.1)
    #expect(compared.evidence >= compared.evidenceNeeded)
    #expect(judged.decidedAt == Fixture.deployment + .seconds(120), "three minutes")
  }

  @Test(arguments: [0.2, 0.5, 0.95, 1.0])
  func `what both versions share is blamed on neither`(rate: Double) {
    let judged = Fixture.judge(pair(new: { $0 >= 5 ? rate : 0.01 }, old: { $0 >= 5 ? rate : 0.01 }))
    #expect(judged.verdict == .inconclusive && judged.doubt == .shared, "\(judged.reasons)")
  }

  @Test func `a bad version is found in an outage that both share`() {
    #expect(Fixture.judge(pair(new: { _ in 0.9 }, old: { _ in 0.3 })).verdict == .severe)
  }

  @Test func `no past is needed`() {
    #expect(Fixture.judge(pair(baselineRate: nil, new: { _ in 0.3 }, old: { _ in 0.01 })).verdict == .severe)
    #expect(
      Fixture.judge(pair(baselineRate: nil, new: { _ in 0.01 }, old: { _ in 0.01 })).verdict == .healthy)
    #expect(
      Fixture.judge(pair(requests: 10, share: 0.9, baselineRate: nil, new: { _ in 1 }, old: { _ in 0 }))
        .verdict == .severe)
  }

  @Test func `worse, and not severe, is degraded`() {
    let judged = Fixture.judge(pair(new: { _ in 0.05 }, old: { _ in 0.01 }))
    #expect(judged.verdict == .degraded)
    #expect(judged.reasons[0].contains("version 6 at the same time"))
  }

  @Test func `a burst that both have is nothing`() {
    func burst(_ minutes: Int) -> (Int) -> Double { { (10..<10 + minutes).contains($0) ? 0.4 : 0.01 } }
    #expect(Fixture.judge(pair(new: burst(2), old: burst(2))).verdict == .healthy)
    #expect(Fixture.judge(pair(new: burst(4), old: burst(4))).verdict == .healthy)
    #expect(Fixture.judge(pair(new: burst(4), old: { _ in 0.01 })).verdict == .severe)
  }

  @Test(arguments: [5.0, 1])
  func `too little traffic says how long it would take`(requests: Double) throws {
    // A tenth of so many requests a minute.
    let judged = Fixture.judge(pair(requests: requests, new: { _ in 0 }, old: { _ in 0 }))
    #expect(judged.verdict == .inconclusive && judged.doubt == .tooFew)
    let compared = try #require(judged.comparison)
    let needed = try #require(compared.requestsNeeded)
    let seen = requests * 3
    #expect(abs(try #require(compared.minutesNeeded) - (needed - seen) / (requests / 10)) <= 1)
    #expect(judged.reasons[0].contains("min more at"))
  }

  @Test func `the fewest requests that tell are those of the exact bound`() throws {
    let rule = ErrorRule(policy: HealthPolicy(), window: Fixture.window, falseAlarms: 0.01)
    #expect(rule.requestsToTell(0, 0.1) == 29)
    #expect(try #require(rule.requestsToTell(0.01, 0.1)) > 29)
    #expect(rule.requestsToTell(0.1, 0.1) == nil)
  }

  @Test func `a version that gets none of its share has lost its traffic`() {
    let none = Fixture.judge(pair(new: { _ in 0 }, old: { _ in 0 }))
    #expect(none.verdict == .healthy)
    var empty = pair(new: { _ in 0 }, old: { _ in 0 })
    empty.watch = []
    let judged = Fixture.judge(empty)
    #expect(judged.doubt == .vanished)
    #expect(judged.reasons[0].contains("none of the requests"))
  }

  @Test func `slow beside the old version is severe, slow with it is shared`() {
    func latency(_ new: Double, _ old: Double) -> WatchedSeries {
      var series = Fixture.latency([Double](repeating: new, count: 30))
      series.concurrent = ConcurrentSeries(
        points: Fixture.watch([(value: Double, count: Double)](repeating: (old, 900), count: 30)))
      return series
    }
    #expect(Fixture.judge(latency(900, 100)).verdict == .severe)
    #expect(Fixture.judge(latency(900, 850)).doubt == .shared)
    #expect(Fixture.judge(latency(110, 100)).verdict == .healthy)
    #expect(Fixture.judge(latency(200, 100)).verdict == .degraded)
    #expect(Fixture.judge(latency(200, 190)).verdict == .healthy)
  }

  @Test func `a level that both have is known`() {
    func gauge(_ new: Double, _ old: Double) -> WatchedSeries {
      var series = WatchedSeries(
        name: "memory@new", kind: .gauge, baseline: Fixture.baseline(1440) { _ in 40 })
      series.watch = Fixture.watch([(value: Double, count: Double)](repeating: (new, 0), count: 30))
      series.concurrent = ConcurrentSeries(
        points: Fixture.watch([(value: Double, count: Double)](repeating: (old, 0), count: 30)))
      return series
    }
    #expect(Fixture.judge(gauge(900, 40)).verdict == .severe)
    #expect(Fixture.judge(gauge(70, 40)).verdict == .degraded)
    #expect(Fixture.judge(gauge(900, 900)).verdict == .healthy)
  }

  @Test func `series that mix both versions are not blamed for what both share, others are`() {
    let shared = pair(new: { _ in 0.5 }, old: { _ in 0.5 })
    func severe(_ name: String, isFrontDoor: Bool = false) -> WatchedSeries {
      var series = Fixture.errors([Double](repeating: 60, count: 30), isFrontDoor: isFrontDoor)
      series.name = name
      return series
    }
    let judge = HealthJudge(window: Fixture.window)
    #expect(judge.judge([severe("checkout")]).verdict == .stop)
    #expect(
      judge.judge([shared, severe("checkout"), severe("api/shop", isFrontDoor: true)]).verdict
        == .inconclusive)
    #expect(judge.judge([shared, severe("function/other")]).verdict == .stop)
    #expect(judge.judge([pair(new: { _ in 0.5 }, old: { _ in 0.01 }), severe("checkout")]).verdict == .stop)
  }

  @Test func `a version with too little traffic keeps a go back`() {
    let judge = HealthJudge(window: Fixture.window)
    let thin = pair(requests: 2, new: { _ in 0 }, old: { _ in 0 })
    let fine = Fixture.errors([Double](repeating: 1, count: 30), isFrontDoor: true)
    #expect(judge.judge([fine]).verdict == .go)
    #expect(judge.judge([fine, thin]).verdict == .inconclusive)
    // An alias that nobody calls shows nobody the new version.
    let idle = pair(requests: 0, new: { _ in 0 }, old: { _ in 0 })
    #expect(judge.judge([fine, idle]).verdict == .go)
  }

  @Test func `Mann-Whitney has the old version as its control`() {
    var policy = HealthPolicy()
    policy.judge = .mannWhitney
    let rising = { (minute: Int) in 0.2 + Double(minute % 5) / 100 }
    #expect(Fixture.judge(pair(new: rising, old: rising), policy: policy).verdict == .healthy)
    #expect(
      Fixture.judge(pair(new: rising, old: { 0.01 + Double($0 % 3) / 1000 }), policy: policy).verdict
        == .severe)
  }

  @Test func `failures of two versions are shared as their requests are`() {
    let trial = ConcurrentTrial(failures: 3, count: 100, oldFailures: 1, oldCount: 900)
    #expect(trial.allFailures == 4)
    #expect(abs(trial.share(of: 1) - 0.1) < 1e-12)
    #expect(abs(trial.share(of: 1.5) - 150.0 / 1050) < 1e-12)
    // Without the old version nothing is compared.
    #expect(ConcurrentTrial(failures: 3, count: 3).share(of: 1) > 0.999)
  }

  // MARK: - Simulations: few watches here, many by `ci/bench/watch-rule --rollout`

  @Test(arguments: RolloutCase.mustNotStop.map(\.name))
  func `healthy rollouts are not taken back`(name: String) throws {
    let one = try #require(RolloutCase.mustNotStop.first { $0.name == name })
    for share in [0.05, 0.5] {
      #expect(one.figures(traffic: 1000, share: share, runs: 6, seed: 23)[0].share == 0, "\(share)")
    }
  }

  @Test(arguments: RolloutCase.mustStop.map(\.0.name))
  func `bad versions are found, and soon`(name: String) throws {
    let (one, onset) = try #require(RolloutCase.mustStop.first { $0.0.name == name })
    let figures = one.figures(traffic: 1000, share: 0.1, runs: 8, seed: 23)[0]
    #expect(figures.share >= 85)
    #expect(try #require(figures.medianDelay(from: onset)) <= 8)
  }
}
