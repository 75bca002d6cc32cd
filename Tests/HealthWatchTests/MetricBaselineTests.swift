import DeploymentRecords
import HealthAnalysis
import Redaction
import StepResults
import SystemInterfaces
import Testing

@testable import HealthWatch

@Suite struct MetricBaselineTests {
  private let start = Timestamp(seconds: 1_750_000_200)
  private let failures = MetricStatistic(namespace: "N", name: "Errors", dimensions: [], statistic: "Sum")
  private let requests = MetricStatistic(namespace: "N", name: "Count", dimensions: [], statistic: "Sum")

  private var series: SeriesDefinition {
    SeriesDefinition(name: SeriesName(name: "api/x", kind: .errors), values: [failures], counts: [requests])
  }

  @Test func `each period has its value, or none`() throws {
    var answer = MetricAnswer()
    answer.points = [requests: [start: 10, start + .seconds(600): 4], failures: [start + .seconds(600): 1]]
    let baseline = try #require(
      MetricBaseline.baseline(series, in: answer, from: start, to: start + .seconds(1000)))
    #expect(baseline.name == "api/x" && baseline.kind == "errors" && baseline.period == 300)
    #expect(baseline.start == start)
    #expect(baseline.values == [0, nil, 1, nil])
    #expect(baseline.counts == [10, nil, 4, nil])
  }

  @Test func `a series without a point is none`() {
    #expect(
      MetricBaseline.baseline(series, in: MetricAnswer(), from: start, to: start + .seconds(900)) == nil)
  }
}
