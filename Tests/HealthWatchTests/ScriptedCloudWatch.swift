import DeploymentRecords
import HealthAnalysis
import Redaction
import Reporting
import StepResults
import Synchronization
import SystemInterfaces
import TestSupport

@testable import HealthWatch

/// A CloudWatch in front of an API whose failures a function of time decides: minutes that have begun are there, the
/// newest one half full, as the real one does it.
final class ScriptedCloudWatch: MetricSource {
  struct Script: Sendable {
    /// Requests a minute.
    var traffic = 60.0
    /// Failures of a minute's requests.
    var failures: @Sendable (Timestamp) -> Double = { _ in 0 }
    /// Milliseconds.
    var latency: @Sendable (Timestamp) -> Double = { _ in 100 }
    /// What a call throws or calls incomplete, by its number from 1.
    var fault: @Sendable (Int) -> Fault? = { _ in nil }
  }
  enum Fault: Error { case unreachable, partial }
  struct Call: Hashable { var metrics: Int, start: Timestamp, end: Timestamp }

  private let script: Script
  private let log = Mutex<[Call]>([])

  init(_ script: Script = Script()) { self.script = script }

  var calls: [Call] { log.withLock { $0 } }

  static let count = MetricStatistic(
    namespace: "AWS/ApiGateway", name: "Count", dimensions: [.init(name: "ApiName", value: "shop")],
    statistic: "Sum")
  static let failed = MetricStatistic(
    namespace: "AWS/ApiGateway", name: "5XXError", dimensions: [.init(name: "ApiName", value: "shop")],
    statistic: "Sum")
  static let latency = MetricStatistic(
    namespace: "AWS/ApiGateway", name: "Latency", dimensions: [.init(name: "ApiName", value: "shop")],
    statistic: "p95")

  static let targets = WatchTargets(
    series: [
      SeriesDefinition(name: SeriesName(name: "api/shop", kind: .errors), values: [failed], counts: [count]),
      SeriesDefinition(
        name: SeriesName(name: "api/shop", kind: .latency), values: [latency], counts: [count]),
    ], logGroups: [LogGroup(name: "/aws/lambda/shop", stack: "Shop")])

  func points(of metrics: [MetricStatistic], from start: Timestamp, to end: Timestamp, period: Duration)
    async throws
    -> MetricAnswer
  {
    let number = log.withLock { log in
      log.append(Call(metrics: metrics.count, start: start, end: end))
      return log.count
    }
    let fault = script.fault(number)
    if fault == .unreachable { throw Fault.unreachable }
    var answer = MetricAnswer()
    answer.calls.add(metrics: metrics.count)
    let length = period.microseconds
    var time = Timestamp(microseconds: start.microseconds / length * length)
    while time < end {
      // The newest period is as full as it is old.
      let share = min(1, (end - time) / period)
      let requests = (script.traffic * period.inSeconds / 60 * share).rounded()
      for metric in metrics {
        switch metric.name {
        case "Count": answer.points[metric, default: [:]][time] = requests
        case "5XXError":
          answer.points[metric, default: [:]][time] = min(requests, (script.failures(time) * share).rounded())
        default: answer.points[metric, default: [:]][time] = script.latency(time)
        }
      }
      time = time + period
    }
    if fault == .partial { for metric in metrics { answer.incomplete[metric] = "PartialData" } }
    return answer
  }
}

/// Logs by group, and a probe that answers as it is told.
struct ScriptedLogs: LogSource {
  var events: [LogLine] = []
  func errors(in group: LogGroup, from start: Timestamp, to end: Timestamp) async throws -> (
    events: [LogLine], isWhole: Bool
  ) {
    (events.filter { $0.time >= start && $0.time < end }, true)
  }
}

struct ScriptedProbe: Probe {
  var clock: ManualClock
  var answer: @Sendable (Timestamp) -> ProbeAnswer = { _ in .answered(status: 200, milliseconds: 20) }
  var name: SeriesName { SeriesName(name: "probe:GET /", kind: .errors) }
  func ask() async throws -> ProbeAnswer { answer(clock.now) }
}
