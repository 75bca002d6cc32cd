import HealthAnalysis
import SystemInterfaces
import Testing

@testable import HealthWatch

@Suite struct ObservationsTests {
  let deployment = Timestamp(seconds: 1_750_000_000)
  let api = SeriesName(name: "api/shop", kind: .errors)
  let probe = SeriesName(name: "probe:GET /", kind: .errors)

  private func point(_ seconds: Int, value: Double = 0) -> SeriesPoint {
    SeriesPoint(time: deployment + .seconds(seconds), value: value, count: 10)
  }

  @Test func `the period of the deployment belongs to neither part`() throws {
    var seen = Observations()
    for seconds in [-120, -61, -60, -59, -1, 0, 60] { seen.insert(point(seconds), into: api) }
    let series = try #require(
      seen.series(deployedAt: deployment, period: .seconds(60), settled: nil, end: nil).first)
    #expect(series.baseline.map(\.time) == [-120, -61, -60].map { deployment + .seconds($0) })
    #expect(series.watch.map(\.time) == [0, 60].map { deployment + .seconds($0) })
    #expect(series.isFrontDoor)
  }

  @Test func `unsettled periods and those after the end are left out, of probes the latter alone`() throws {
    var seen = Observations()
    for seconds in stride(from: 0, to: 600, by: 60) {
      seen.insert(point(seconds), into: api)
      seen.insert(point(seconds), into: probe)
    }
    let series = seen.series(
      deployedAt: deployment, period: .seconds(60), settled: deployment + .seconds(200),
      end: deployment + .seconds(480))
    #expect(series.map(\.name) == ["probe:GET /", "api/shop"])
    #expect(series.map(\.watch.count) == [8, 3])
  }

  @Test func `a changed point is a revision, an equal one is not`() {
    var seen = Observations()
    #expect(seen.insert(point(0, value: 1), into: api) == nil)
    #expect(seen.insert(point(0, value: 1), into: api) == nil)
    #expect(seen.insert(point(0, value: 2), into: api) == point(0, value: 1))
  }

  @Test func `answers that blame the client are no front adapter and have a threshold of their own`() throws {
    var seen = Observations()
    seen.insert(point(0), into: SeriesName(name: "api/shop/4xx", kind: .errors))
    let series = try #require(
      seen.series(deployedAt: deployment, period: .seconds(60), settled: nil, end: nil).first)
    #expect(!series.isFrontDoor)
    #expect(series.severeRate == 0.5)
  }

  @Test(arguments: [1, 30, 60, 300])
  func `the period is the usual distance`(period: Int) {
    var seen = Observations()
    for index in 0..<20 where index != 7 { seen.insert(point(index * period), into: api) }
    for index in 0..<50 { seen.insert(point(index * 7), into: probe) }
    #expect(seen.period == .seconds(period))
    #expect(Observations().period == .seconds(60))
  }
}
