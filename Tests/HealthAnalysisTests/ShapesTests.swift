import SystemInterfaces
import Testing

@testable import HealthAnalysis

/// Everyday shapes of series that a rule of thumb gets wrong, each as one table.
@Suite struct ShapesTests {
  private func errors(before: @escaping (Int) -> Double, after: (Int) -> Double, minutes: Int = 1440)
    -> WatchedSeries
  {
    WatchedSeries(
      name: "api", kind: .errors,
      baseline: Fixture.baseline(minutes) { before($0 - minutes) },
      watch: Fixture.watch((0..<30).map { (after($0), 100) }), isFrontDoor: true)
  }

  @Test func `a bad stretch of the day before does not make failures normal`() {
    let series = errors(before: { (-600 ..< -510).contains($0) ? 95 : 1 }, after: { _ in 50 })
    let judged = Fixture.judge(series)
    #expect(judged.verdict == .severe)
    #expect(judged.baseline["incidents"] == 1)
    #expect(judged.baseline["rate"] == 0.01)
  }

  @Test func `what fails half of the time on most days may do so`() {
    #expect(Fixture.judge(errors(before: { _ in 50 }, after: { _ in 50 })).verdict != .severe)
  }

  @Test(arguments: [0, 7, 21])
  func `two bad minutes and three good ones, again and again, are severe`(from: Int) {
    let judged = Fixture.judge(
      errors(before: { _ in 1 }, after: { $0 >= from && ($0 - from) % 5 < 2 ? 96 : 1 }))
    if from < 10 {
      #expect(judged.verdict == .severe)
      #expect(judged.reasons[0].contains("on and off"))
    } else {
      #expect(judged.verdict != .healthy)
    }
  }

  @Test func `what begins in the last minutes is not called healthy`() {
    let judged = Fixture.judge(errors(before: { _ in 1 }, after: { $0 >= 28 ? 100 : 1 }))
    #expect(judged.verdict == .inconclusive)
    #expect(judged.doubt == .begun)
    #expect(
      judged.reasons == [
        "200 of 200 requests failed in the last 2 periods: something has begun, and too late to be judged"
      ])
  }

  /// Points around a deployment at which a batch begins every night, of the days given.
  private func nightly(days: [Int], rate: Double, now: Double) -> WatchedSeries {
    var baseline: [SeriesPoint] = []
    for day in days + [0] {
      for minute in (day == 0 ? -600..<0 : -60..<90) {
        let isBatch = day != 0 && (5..<25).contains(minute)
        baseline.append(
          SeriesPoint(
            time: Fixture.deployment + .seconds(60 * minute) - .seconds(86_400 * day),
            value: isBatch ? rate : 1, count: 100))
      }
    }
    return WatchedSeries(
      name: "api", kind: .errors, baseline: baseline,
      watch: Fixture.watch((0..<30).map { ((5..<25).contains($0) ? now : 1, 100) }))
  }

  @Test(arguments: [
    ([7, 1], 30.0, SeriesVerdict.healthy), ([7, 1], 90, .severe), ([1], 30, .inconclusive),
    ([7], 30, .inconclusive),
    ([], 30, .severe), ([14, 7], 30, .healthy), ([3, 2, 1], 30, .healthy),
  ])
  func `a batch of every night is normal at its hour, and only as bad as it was`(
    days: [Int], now: Double, verdict: SeriesVerdict
  ) {
    #expect(Fixture.judge(nightly(days: days, rate: 30, now: now)).verdict == verdict)
  }

  /// Every night's batch makes it worse, not so much that it would be rolled back.
  @Test(
    arguments: [([14, 7], SeriesVerdict.healthy), ([3, 2, 1], .healthy), ([], .degraded)]
      as [([Int], SeriesVerdict)])
  func `what is a little worse at this hour of every day got no worse`(days: [Int], verdict: SeriesVerdict) {
    #expect(Fixture.judge(nightly(days: days, rate: 6, now: 6)).verdict == verdict)
    var slow = nightly(days: days, rate: 300, now: 300)
    slow.kind = .latency
    for index in slow.baseline.indices { slow.baseline[index].value = max(100, slow.baseline[index].value) }
    for index in slow.watch.indices { slow.watch[index].value = max(100, slow.watch[index].value) }
    #expect(Fixture.judge(slow).verdict == verdict)
  }

  /// Of a few requests the slowest scatters: what started cold with one request a minute may be slower this time.
  @Test(arguments: [(1.0, 1700.0, false), (1, 2700, true), (100, 1700, true), (100, 1200, false)])
  func `a cold start of few requests may be slower than the earlier ones were`(
    requests: Double, now: Double, isSevere: Bool
  ) {
    var series = Fixture.latency((0..<30).map { $0 < 3 ? now : 100 })
    for index in series.watch.indices { series.watch[index].count = requests }
    series.earlierStarts = (0..<2).map { _ in Fixture.watch((0..<5).map { ($0 < 3 ? 800 : 100, requests) }) }
    #expect((Fixture.judge(series).verdict == .severe) == isSevere)
  }

  @Test func `a job of every hour is normal`() {
    let judged = Fixture.judge(
      errors(
        before: { (($0 % 60) + 60) % 60 < 4 ? 30 : 1 }, after: { (12..<16).contains($0) ? 30 : 1 }))
    #expect(judged.verdict != .severe)
  }

  @Test func `a burst as the day before had many is none, and longer ones are a fault`() {
    func bursts(_ length: Int) -> WatchedSeries {
      errors(
        before: { ($0 + 1440) % 240 < [2, 5, 1, 3, 4, 3][($0 + 1440) / 240] ? 30 : 1 },
        after: { (5..<5 + length).contains($0) ? 30 : 1 })
    }
    #expect(Fixture.judge(bursts(5)).verdict != .severe)
    #expect(Fixture.judge(bursts(24)).verdict == .severe)
  }

  @Test func `lost traffic stops where the policy wants that, and only at the end`() {
    var series = errors(before: { _ in 1 }, after: { _ in 1 })
    series.watch = Fixture.watch((0..<30).map { (0, $0 >= 10 ? 3 : 100) })
    var policy = HealthPolicy()
    policy.stopsOnLostTraffic = true
    func verdict(_ series: WatchedSeries, _ policy: HealthPolicy, isComplete: Bool = true) -> WatchVerdict {
      var window = Fixture.window
      window.isComplete = isComplete
      return HealthJudge(policy: policy, window: window).judge([series]).verdict
    }
    #expect(verdict(series, policy) == .stop)
    #expect(verdict(series, policy, isComplete: false) == .inconclusive)
    #expect(verdict(series, HealthPolicy()) == .inconclusive)
    series.isFrontDoor = false
    #expect(verdict(series, policy) == .inconclusive)
  }

  @Test(arguments: [
    ([8.0, 8], 8.0, false), ([1, 1], 8, true), ([8, 1], 8, true), ([8, 8], 40, true), ([], 8, false),
  ])
  func `slowness after a deployment is judged by how earlier good ones began`(
    earlier: [Double], now: Double, isSevere: Bool
  ) {
    var series = Fixture.latency((0..<30).map { $0 < 3 ? 100 * now : 100 })
    series.earlierStarts = earlier.map { factor in
      Fixture.watch((0..<5).map { ($0 < 3 ? 100 * factor : 100, 100) })
    }
    let judged = Fixture.judge(series)
    #expect((judged.verdict == .severe) == isSevere, "\(judged.reasons)")
    if isSevere { #expect(judged.decidedAt == Fixture.deployment + .seconds(120)) }
  }

  @Test func `reasons say which number would have turned the answer`() {
    let bad = Fixture.judge(errors(before: { _ in 1 }, after: { _ in 50 }))
    #expect(bad.reasons.count == 2)
    #expect(bad.reasons[1].hasPrefix("with 30 failures of these 300 requests it would not be severe (margin"))
    let good = Fixture.judge(errors(before: { _ in 1 }, after: { _ in 1 }))
    let turn = good.observed["turnsAtFailures"] ?? 0
    #expect(turn > 200 && turn < 300)
    #expect(good.observed["falseAlarms"] == 0.01)
  }

  @Test(arguments: [(22, 0.0), (10, 15)])
  func `traffic that is lost is no health`(from: Int, requests: Double) {
    var series = errors(before: { _ in 1 }, after: { _ in 1 })
    series.watch = Fixture.watch((0..<30).map { (0, $0 >= from ? requests : 100) })
    let judged = Fixture.judge(series)
    #expect(judged.doubt == .vanished)
    #expect(judged.reasons[0].hasPrefix("traffic "))
  }

  @Test func `a pause that the hours before had too is none`() {
    var series = errors(before: { _ in 0 }, after: { _ in 0 })
    series.baseline = series.baseline.enumerated().map { index, point in
      SeriesPoint(time: point.time, value: 0, count: index % 30 < 20 ? 100 : 0)
    }
    series.watch = Fixture.watch((0..<30).map { (0, $0 < 20 ? 100 : 0) })
    #expect(Fixture.judge(series).doubt != .vanished)
  }

  @Test func `what was not read is not called idle`() {
    for kind in SeriesKind.allCases {
      let series = WatchedSeries(name: "a", kind: kind, gap: "CloudWatch says Forbidden")
      let judged = Fixture.judge(series)
      #expect(judged.doubt == .notWhole, "\(kind)")
      #expect(HealthJudge(window: Fixture.window).judge([series]).verdict == .inconclusive)
    }
  }

  @Test func `immense numbers are numbers`() {
    let judged = Fixture.judge(errors(before: { _ in 1 }, after: { _ in 1 }))
    #expect(judged.verdict == .healthy)
    for kind in SeriesKind.allCases {
      var series = WatchedSeries(name: "a", kind: kind)
      series.baseline = Fixture.baseline(100, requests: 9.3e17) { _ in kind == .errors ? 0 : 9.3e17 }
      series.watch = Fixture.watch((0..<30).map { _ in (kind == .errors ? 0 : 9.3e17, 9.3e17) })
      #expect(Fixture.judge(series).verdict == .healthy, "\(kind)")
    }
  }
}
