import SystemInterfaces
import Testing

@testable import HealthAnalysis

@Suite struct LatencyRuleTests {
  @Test(arguments: [(100.0, SeriesVerdict.healthy), (250, .healthy), (490, .healthy), (900, .severe)])
  func `five times the baseline's median is severe`(p95: Double, verdict: SeriesVerdict) {
    let judged = Fixture.judge(Fixture.latency([Double](repeating: p95, count: 30)))
    #expect(judged.verdict == verdict)
  }

  @Test func `cold starts pass`() {
    let judged = Fixture.judge(Fixture.latency([800, 800] + [Double](repeating: 100, count: 28)))
    #expect(judged.verdict == .healthy)
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

  @Test func `a gauge that was always zero rolls nothing back`() {
    var series = gauge([Double](repeating: 50, count: 30))
    series.baseline = Fixture.baseline(100, requests: 0) { _ in 0 }
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
      ([0, 0, 1, 1, 1, 1], .severe), ([1, 1, 1, 0], .healthy), ([1, 0, 1, 1], .degraded), ([], .inconclusive),
    ] as [([Double], SeriesVerdict)])
  func `only failures without exception are an outage`(failures: [Double], verdict: SeriesVerdict) {
    #expect(Fixture.judge(probe(failures)).verdict == verdict)
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
