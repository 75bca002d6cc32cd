import SystemInterfaces
import Testing

@testable import HealthAnalysis

@Suite struct LatencyRuleTests {
  @Test(arguments: [
    (100.0, SeriesVerdict.healthy), (140, .healthy), (200, .degraded), (490, .degraded), (900, .severe),
  ])
  func `five times the baseline's median is severe`(p95: Double, verdict: SeriesVerdict) {
    let judged = Fixture.judge(Fixture.latency([Double](repeating: p95, count: 30)))
    #expect(judged.verdict == verdict)
  }

  @Test(arguments: [1, 2, 3, 4])
  func `cold starts pass`(minutes: Int) {
    let slow = [Double](repeating: 800, count: minutes)
    let judged = Fixture.judge(Fixture.latency(slow + [Double](repeating: 100, count: 30 - minutes)))
    #expect(judged.verdict != .severe)
    #expect(judged.verdict == .healthy || minutes > 2)
  }

  @Test func `slowness that outlasts the warm-up is severe, and without a warm-up it is at once`() {
    var series = Fixture.latency([Double](repeating: 800, count: 30))
    #expect(Fixture.judge(series).decidedAt == Fixture.deployment + .seconds(240))
    series.warmUp = .zero
    #expect(Fixture.judge(series).decidedAt == Fixture.deployment + .seconds(120))
  }

  @Test func `ninety slow minutes of the day before do not make slowness normal`() {
    var series = Fixture.latency([Double](repeating: 100, count: 10) + [Double](repeating: 800, count: 20))
    series.baseline = Fixture.baseline(1440) { (800..<890).contains($0) ? 900 : 100 }
    #expect(Fixture.judge(series).verdict == .severe)
  }

  @Test func `without a past the caller's time-out judges`() {
    var series = Fixture.latency([Double](repeating: 29_500, count: 10))
    series.baseline = []
    #expect(Fixture.judge(series).verdict == .severe)
    series.watch = Fixture.latency([Double](repeating: 5000, count: 10)).watch
    #expect(Fixture.judge(series).doubt == .noBaseline)
    series.ceiling = 3000
    #expect(Fixture.judge(series).verdict == .severe)
  }

  @Test func `slowness of the last two minutes is not called healthy`() {
    let judged = Fixture.judge(Fixture.latency([Double](repeating: 100, count: 28) + [900, 900]))
    #expect(judged.doubt == .begun)
  }

  @Test func `slowness now and then is degraded`() {
    let judged = Fixture.judge(Fixture.latency((0..<30).map { $0 % 3 == 0 ? 800 : 100 }))
    #expect(judged.verdict == .degraded)
  }

  @Test func `without a baseline or with two periods nobody can say`() {
    var series = Fixture.latency([100, 100])
    #expect(Fixture.judge(series).verdict == .inconclusive)
    series.baseline = []
    #expect(Fixture.judge(series).doubt == .idle)
    series.watch = Fixture.latency([Double](repeating: 100, count: 30)).watch
    #expect(Fixture.judge(series).doubt == .noBaseline)
  }

  @Test func `a service with two normals is not called slow for the second`() {
    var series = Fixture.latency([Double](repeating: 100, count: 30))
    series.baseline = Fixture.baseline(1440) { $0 % 20 == 0 ? 1000 : 100 }
    series.watch = Fixture.watch((0..<30).map { ($0 % 10 == 0 ? 1000 : 100, 100) })
    #expect(Fixture.judge(series).verdict == .healthy)
  }
}

@Suite struct GaugeRuleTests {
  private func gauge(_ values: [Double]) -> WatchedSeries {
    WatchedSeries(
      name: "cpu", kind: .gauge, baseline: Fixture.baseline(1440, requests: 0) { 20 + Double($0 % 10) },
      watch: Fixture.watch(values.map { ($0, 0) }))
  }

  @Test(arguments: [
    (25.0, SeriesVerdict.healthy), (38, .healthy), (60, .degraded), (5, .degraded), (200, .severe),
  ])
  func `levels are judged by what the baseline knew`(level: Double, verdict: SeriesVerdict) {
    #expect(Fixture.judge(gauge([Double](repeating: level, count: 30))).verdict == verdict)
  }

  @Test(arguments: [(nil, 145.0), (200, 145), (100, nil)] as [(Double?, Double?)])
  func `a limit that no level can reach is none`(highest: Double?, limit: Double?) {
    var series = gauge([Double](repeating: 100, count: 30))
    series.ceiling = highest
    let judged = Fixture.judge(series)
    #expect(judged.baseline["limit"] == limit && judged.verdict == .degraded)
  }

  @Test func `a gauge that was always zero rolls nothing back`() {
    var series = gauge([Double](repeating: 50, count: 30))
    series.baseline = Fixture.baseline(100, requests: 0) { _ in 0 }
    #expect(Fixture.judge(series).verdict == .degraded)
  }

  @Test(arguments: [(40.0, 0.0), (20, 100)])
  func `a level far from the usual one is said, whatever happened once`(usual: Double, now: Double) {
    var series = gauge([Double](repeating: now, count: 30))
    // An hour of the day before had all levels.
    series.baseline = Fixture.baseline(1440, requests: 0) {
      (600..<660).contains($0) ? Double($0 % 100) : usual
    }
    #expect(Fixture.judge(series).verdict == .degraded)
  }

  @Test func `a spike is no change`() {
    #expect(Fixture.judge(gauge([500, 500] + [Double](repeating: 25, count: 28))).verdict == .healthy)
  }
}

@Suite struct ProbeRuleTests {
  private func probe(_ failures: [Double], before: [Double] = []) -> WatchedSeries {
    WatchedSeries(
      name: "probe:GET /", kind: .errors,
      baseline: before.enumerated().map {
        SeriesPoint(
          time: Fixture.deployment - .seconds(60 * (before.count - $0.offset)), value: $0.element, count: 1)
      }, watch: Fixture.watch(failures.map { ($0, 1) }))
  }

  @Test(
    arguments: [
      ([0, 0, 0], SeriesVerdict.healthy), ([1, 1, 1], .degraded), ([1, 1, 1, 1], .severe),
      ([0, 0, 1, 1, 1, 1], .severe), ([1, 1, 1, 0], .degraded), ([1, 0, 1, 1], .degraded),
      ([], .inconclusive),
    ] as [([Double], SeriesVerdict)])
  func `only failures without exception are an outage`(failures: [Double], verdict: SeriesVerdict) {
    #expect(Fixture.judge(probe(failures)).verdict == verdict)
  }

  @Test func `failures on and off are an outage, a few are none`() {
    #expect(Fixture.judge(probe((0..<30).map { Double($0 % 2) })).verdict == .severe)
    #expect(Fixture.judge(probe((0..<30).map { $0 % 3 == 0 ? 1 : 0 })).verdict == .degraded)
    #expect(Fixture.judge(probe((0..<30).map { $0 % 10 == 0 ? 1 : 0 })).verdict == .healthy)
    // What is over is no reason to roll back any more.
    let over = [1.0, 0, 1, 0, 1, 0, 1, 0, 1, 0] + [Double](repeating: 0, count: 20)
    #expect(Fixture.judge(probe(over)).verdict == .degraded)
  }

  @Test func `a page of somebody else's is no answer`() {
    var series = probe([])
    series.gap = "a login page answers"
    #expect(Fixture.judge(series).doubt == .notWhole)
  }

  @Test func `an endpoint that failed before proves nothing`() {
    #expect(Fixture.judge(probe([1, 1, 1, 1, 1], before: [1, 1])).verdict == .inconclusive)
    #expect(Fixture.judge(probe([1, 1, 1, 1, 1], before: [1, 0])).verdict == .severe)
  }
}

@Suite struct MannWhitneyRuleTests {
  var policy: HealthPolicy {
    var policy = HealthPolicy()
    policy.judge = .mannWhitney
    return policy
  }

  @Test func `it looks once, at the end`() {
    let series = Fixture.latency((0..<30).map { 300 + Double($0) })
    #expect(Fixture.judge(series, policy: policy).verdict == .severe)
    var window = Fixture.window
    window.isComplete = false
    #expect(Fixture.judge(series, policy: policy, window: window).doubt == .early)
  }

  @Test func `errors may fall and gauges may not`() {
    let better = Fixture.errors([Double](repeating: 0, count: 30))
    #expect(Fixture.judge(better, policy: policy).verdict == .healthy)
    let gauge = WatchedSeries(
      name: "g", kind: .gauge, baseline: Fixture.baseline(100) { 50 + Double($0 % 5) },
      watch: Fixture.watch((0..<30).map { (10 + Double($0 % 5), 0) }))
    #expect(Fixture.judge(gauge, policy: policy).verdict == .severe)
  }

  @Test func `no data are no verdict`() {
    #expect(Fixture.judge(Fixture.latency([]), policy: policy).verdict == .inconclusive)
  }
}
