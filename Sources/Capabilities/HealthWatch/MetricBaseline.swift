import AWSClients
import DeploymentConfig
import DeploymentRecords
import HealthAnalysis
import StepRuntime
import SystemInterfaces

/// The last day of every series that a watch would look at, for a restore point: what was normal before a deployment.
public enum MetricBaseline {
  /// How far back, and in which steps: CloudWatch keeps five-minute points for two months, and one call has room for
  /// a day of them.
  static let length: Duration = .seconds(86_400), period: Duration = .seconds(300)

  /// Reads the series of the resources that `point` names; series without any point are left out. Costs one call of
  /// GetMetricData for each 500 metrics, and no other.
  /// - Throws: what AWS throws.
  public static func read(_ session: StepSession, of point: RestorePoint) async throws -> [SeriesBaseline] {
    let series = definitions(point, stateMachineARN: session.config.stateMachineARN)
    guard !series.isEmpty else { return [] }
    let end = session.context.clock.now
    // CloudWatch's periods begin at whole multiples of their length.
    let start = Timestamp(
      microseconds: (end - length).microseconds / period.microseconds * period.microseconds)
    let wanted = Array(Set(series.flatMap { $0.values + $0.counts }))
    let answer = try await CloudWatchSource(clients: try session.clients()).points(
      of: wanted, from: start, to: end, period: period)
    return series.compactMap { baseline($0, in: answer, from: start, to: end) }
  }

  /// The series that a watch would look at, in the order in which it finds them.
  static func definitions(_ point: RestorePoint, stateMachineARN: String?) -> [SeriesDefinition] {
    var series: [SeriesDefinition] = []
    for function in point.functions {
      series += WatchedMetrics.function(name: function.name).kept(with: function.stack)
    }
    for stage in point.apiStages {
      let own =
        stage.version == APIGatewayClient.Version.v2.rawValue
        ? WatchedMetrics.httpAPI(id: stage.apiId, name: stage.apiName, stage: stage.stage)
        : WatchedMetrics.restAPI(name: stage.apiName, stage: stage.stage)
      series += own.kept(with: stage.stack)
    }
    for machine in point.stateMachines {
      series += WatchedMetrics.stateMachine(arn: machine.arn).kept(with: machine.stack)
    }
    if let arn = stateMachineARN, !point.stateMachines.contains(where: { $0.arn == arn }) {
      series += WatchedMetrics.stateMachine(arn: arn).kept(with: arn)
    }
    for (stack, resource) in point.stacks.flatMap({ stack in stack.resources.map { (stack.stackId, $0) } }) {
      guard let id = resource.physicalId else { continue }
      series += WatchedMetrics.resource(type: resource.type, id: id).kept(with: stack)
    }
    return series
  }

  /// One value a period, nil where there is none; nil for a series without any.
  static func baseline(
    _ series: SeriesDefinition, in answer: MetricAnswer, from start: Timestamp, to end: Timestamp
  ) -> SeriesBaseline? {
    let points = Dictionary(
      LiveWatch.points(of: series, in: answer).map { ($0.time, $0) }, uniquingKeysWith: { $1 })
    guard !points.isEmpty else { return nil }
    let count = Int((end - start).microseconds / period.microseconds)
    let times = (0...count).map { start + period * $0 }.filter { $0 < end }
    return SeriesBaseline(
      name: series.name.name, kind: series.name.kind.rawValue, period: Int(period.inSeconds), start: start,
      values: times.map { points[$0]?.value }, counts: times.map { points[$0]?.count })
  }
}
