import AWSClients
import DeploymentConfig
import HealthAnalysis
import SystemInterfaces

/// Finds functions, APIs, state machines and databases in the stacks of the configuration, nested ones included.
struct StackTargets: TargetSource {
  var stacks: [ConfiguredStack]
  /// Of the configuration: watched even where no stack owns it.
  var stateMachineARN: String?
  var clients: StackClients

  func targets() async throws -> WatchTargets {
    var targets = WatchTargets()
    for stack in stacks {
      guard let found = try await CloudFormationClient(clients[stack.name]).describeStack(stack.name) else {
        if !stack.isDerived { targets.missingStacks.append(stack.name) }
        continue
      }
      let time = found.updatedAt ?? found.createdAt
      targets.updatedAt = [targets.updatedAt, time].compactMap { $0 }.max()
      try await add(resourcesOf: stack.name, to: &targets, depth: 0)
    }
    if let arn = stateMachineARN {
      let series = WatchedMetrics.stateMachine(arn: arn).kept(with: arn)
      if !targets.series.contains(where: { $0.name == series[0].name }) { targets.series += series }
    }
    return targets
  }

  private func add(resourcesOf stack: String, to targets: inout WatchTargets, depth: Int) async throws {
    let client = clients[stack]
    let (functions, gateways) = (LambdaClient(client), APIGatewayClient(client))
    for resource in try await CloudFormationClient(client).listStackResources(stack) {
      guard let id = resource.physicalId, !id.isEmpty else { continue }
      switch resource.type {
      case "AWS::CloudFormation::Stack" where depth < 5:
        try await add(resourcesOf: id, to: &targets, depth: depth + 1)
      case "AWS::Lambda::Function":
        let name = String(id.split(separator: ":").last ?? "")
        let timeout = try await functions.getFunctionConfiguration(name).timeoutSeconds
        targets.series += WatchedMetrics.function(name: name, timeout: timeout.map { .seconds($0) })
          .kept(with: stack)
        targets.logGroups.append(LogGroup(name: "/aws/lambda/\(name)", stack: stack))
      case "AWS::ApiGateway::RestApi":
        let name = try await gateways.getApi(.rest, id: id).name
        for stage in try await gateways.getStages(.rest, api: id) {
          targets.series += WatchedMetrics.restAPI(name: name, stage: stage.name).kept(with: stack)
        }
      case "AWS::ApiGatewayV2::Api":
        let name = try await gateways.getApi(.v2, id: id).name
        for stage in try await gateways.getStages(.v2, api: id) {
          targets.series += WatchedMetrics.httpAPI(id: id, name: name, stage: stage.name).kept(with: stack)
        }
      case "AWS::StepFunctions::StateMachine":
        targets.series += WatchedMetrics.stateMachine(arn: id).kept(with: stack)
      case "AWS::RDS::DBInstance":
        targets.series += WatchedMetrics.database(dimension: "DBInstanceIdentifier", id: id)
          .kept(with: stack)
      case "AWS::RDS::DBCluster":
        targets.series += WatchedMetrics.database(dimension: "DBClusterIdentifier", id: id)
          .kept(with: stack)
      default: break
      }
    }
  }
}

/// Which metrics make the series of a resource. Names and dimensions are those of the services' user guides.
enum WatchedMetrics {
  /// Functions fail by errors and by throttles; a throttled call is no invocation.
  static func function(name: String, timeout: Duration? = nil) -> [SeriesDefinition] {
    let metric = from("AWS/Lambda", [MetricDimension(name: "FunctionName", value: name)])
    let throttles = metric("Throttles", "Sum")
    return [
      SeriesDefinition(
        name: SeriesName(name: "function/\(name)", kind: .errors),
        values: [metric("Errors", "Sum"), throttles], counts: [metric("Invocations", "Sum"), throttles],
        settle: timeout ?? .zero),
      SeriesDefinition(
        name: SeriesName(name: "function/\(name)", kind: .latency), values: [metric("Duration", "p95")],
        counts: [metric("Invocations", "Sum")], settle: timeout ?? .zero,
        ceiling: timeout.map { $0.inSeconds * 1000 }),
    ]
  }

  static func restAPI(name: String, stage: String) -> [SeriesDefinition] {
    api(
      "api/\(name)/\(stage)",
      from(
        "AWS/ApiGateway",
        [MetricDimension(name: "ApiName", value: name), MetricDimension(name: "Stage", value: stage)]),
      serverErrors: "5XXError", clientErrors: "4XXError")
  }

  static func httpAPI(id: String, name: String, stage: String) -> [SeriesDefinition] {
    api(
      "api/\(name)/\(stage)",
      from(
        "AWS/ApiGateway",
        [MetricDimension(name: "ApiId", value: id), MetricDimension(name: "Stage", value: stage)]),
      serverErrors: "5xx", clientErrors: "4xx")
  }

  private static func api(
    _ name: String, _ metric: (String, String) -> MetricStatistic, serverErrors: String, clientErrors: String
  ) -> [SeriesDefinition] {
    let count = [metric("Count", "Sum")]
    return [
      SeriesDefinition(
        name: SeriesName(name: name, kind: .errors), values: [metric(serverErrors, "Sum")], counts: count),
      SeriesDefinition(
        name: SeriesName(name: name, kind: .latency), values: [metric("Latency", "p95")], counts: count),
      SeriesDefinition(
        name: SeriesName(name: name + Observations.clientErrors, kind: .errors),
        values: [metric(clientErrors, "Sum")], counts: count),
    ]
  }

  /// Executions are counted when they end: one that failed now may have started long ago.
  static func stateMachine(arn: String) -> [SeriesDefinition] {
    let metric = from("AWS/States", [MetricDimension(name: "StateMachineArn", value: arn)])
    let name = "workflow/\(arn.split(separator: ":").last ?? "")"
    let failures = ["ExecutionsFailed", "ExecutionsTimedOut", "ExecutionsAborted"].map { metric($0, "Sum") }
    let ended = failures + [metric("ExecutionsSucceeded", "Sum")]
    return [
      SeriesDefinition(name: SeriesName(name: name, kind: .errors), values: failures, counts: ended),
      SeriesDefinition(
        name: SeriesName(name: name, kind: .latency), values: [metric("ExecutionTime", "p95")], counts: ended),
    ]
  }

  static func database(dimension: String, id: String) -> [SeriesDefinition] {
    let metric = from("AWS/RDS", [MetricDimension(name: dimension, value: id)])
    return [("cpu", "CPUUtilization"), ("connections", "DatabaseConnections")].map { name, metricName in
      SeriesDefinition(
        name: SeriesName(name: "database/\(id)/\(name)", kind: .gauge),
        values: [metric(metricName, "Average")], counts: [])
    }
  }

  private static func from(
    _ namespace: String, _ dimensions: [MetricDimension]
  ) -> (String, String) -> MetricStatistic {
    { MetricStatistic(namespace: namespace, name: $0, dimensions: dimensions, statistic: $1) }
  }
}
