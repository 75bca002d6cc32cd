import HealthAnalysis
import SystemInterfaces

/// Which metrics make the series of a resource. Names and dimensions are those of the services' user guides.
enum WatchedMetrics {
  /// Functions fail by errors and by throttles; a throttled call is no invocation.
  static func function(name: String, timeout: Duration? = nil) -> [SeriesDefinition] {
    let metric = from("AWS/Lambda", [("FunctionName", name)])
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

  /// Two versions that an alias divides its calls between. Lambda counts them apart from each other, and throttled calls, which
  /// reach no version, not at all.
  static func versions(
    of alias: String, function: String, new: String, old: String, timeout: Duration? = nil
  ) -> [SeriesDefinition] {
    [(ConcurrentSeries.newSuffix, new), (ConcurrentSeries.oldSuffix, old)].flatMap { suffix, version in
      let metric = from(
        "AWS/Lambda",
        [("FunctionName", function), ("Resource", "\(function):\(alias)"), ("ExecutedVersion", version)])
      let counts = [metric("Invocations", "Sum")]
      let name = "function/\(function):\(alias)\(suffix)"
      return [
        SeriesDefinition(
          name: SeriesName(name: name, kind: .errors), values: [metric("Errors", "Sum")], counts: counts,
          settle: timeout ?? .zero),
        SeriesDefinition(
          name: SeriesName(name: name, kind: .latency), values: [metric("Duration", "p95")], counts: counts,
          settle: timeout ?? .zero, ceiling: timeout.map { $0.inSeconds * 1000 }),
      ]
    }
  }

  /// A stage and its canary, which API Gateway counts as a stage of its own.
  static func canary(api: String, stage: String) -> [SeriesDefinition] {
    [(ConcurrentSeries.newSuffix, "\(stage)/Canary"), (ConcurrentSeries.oldSuffix, stage)].flatMap {
      suffix, counted in
      zip(restAPI(name: api, stage: stage), restAPI(name: api, stage: counted)).map { named, counted in
        var series = counted
        series.name.name = named.name.name + suffix
        return series
      }
    }
  }

  /// Two target groups of a balancer for applications; others keep no requests by target group.
  static func versions(ofBalancer arn: String, new: String, old: String) -> [SeriesDefinition] {
    guard let start = arn.range(of: "loadbalancer/") else { return [] }
    let dimension = String(arn[start.upperBound...])
    let parts = dimension.split(separator: "/")
    guard parts.count == 3, parts[0] == "app" else { return [] }
    return [(ConcurrentSeries.newSuffix, new), (ConcurrentSeries.oldSuffix, old)].flatMap { suffix, group in
      guard let own = group.range(of: "targetgroup/") else { return [SeriesDefinition]() }
      let metric = from(
        "AWS/ApplicationELB",
        [("LoadBalancer", dimension), ("TargetGroup", String(group[own.lowerBound...]))])
      return balancer(
        "balancer/\(parts[1]):\(groupName(new))", failures: [metric("HTTPCode_Target_5XX_Count", "Sum")],
        refused: [metric("HTTPCode_Target_4XX_Count", "Sum")], requests: [metric("RequestCount", "Sum")],
        latency: metric("TargetResponseTime", "p95")
      ).map { series in
        var series = series
        series.name.name += suffix
        return series
      }
    }
  }

  /// `arn:…:targetgroup/NAME/ID`.
  static func groupName(_ arn: String) -> String {
    let parts = arn.split(separator: "/")
    return parts.count >= 3 ? String(parts[parts.count - 2]) : arn
  }

  static func restAPI(name: String, stage: String) -> [SeriesDefinition] {
    api(
      "api/\(name)/\(stage)", from("AWS/ApiGateway", [("ApiName", name), ("Stage", stage)]),
      serverErrors: "5XXError", clientErrors: "4XXError")
  }

  static func httpAPI(id: String, name: String, stage: String) -> [SeriesDefinition] {
    api(
      "api/\(name)/\(stage)", from("AWS/ApiGateway", [("ApiId", id), ("Stage", stage)]),
      serverErrors: "5xx", clientErrors: "4xx")
  }

  /// A route of an API, of which CloudWatch keeps metrics where detailed ones are on: failures and latency.
  static func route(
    of api: String, method: String, resource: String, dimensions: [(String, String)], isREST: Bool
  ) -> [SeriesDefinition] {
    let metric = from("AWS/ApiGateway", dimensions + [("Method", method), ("Resource", resource)])
    return Array(
      WatchedMetrics.api(
        "route/\(api) \(method) \(resource)", metric, serverErrors: isREST ? "5XXError" : "5xx",
        clientErrors: isREST ? "4XXError" : "4xx"
      ).prefix(2))
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
    let metric = from("AWS/States", [("StateMachineArn", arn)])
    let name = "workflow/\(arn.split(separator: ":").last ?? "")"
    let failures = ["ExecutionsFailed", "ExecutionsTimedOut", "ExecutionsAborted"].map { metric($0, "Sum") }
    let ended = failures + [metric("ExecutionsSucceeded", "Sum")]
    return [
      SeriesDefinition(name: SeriesName(name: name, kind: .errors), values: failures, counts: ended),
      SeriesDefinition(
        name: SeriesName(name: name, kind: .latency), values: [metric("ExecutionTime", "p95")], counts: ended),
    ]
  }

  /// The series of a resource that its type and physical id tell: no call is needed for these.
  static func resource(type: String, id: String) -> [SeriesDefinition] {
    switch type {
    case "AWS::RDS::DBInstance": database("DBInstanceIdentifier", id)
    case "AWS::RDS::DBCluster":
      database("DBClusterIdentifier", id)
        + [
          gauge(
            "database/\(id)/replica-lag",
            from("AWS/RDS", [("DBClusterIdentifier", id)])("AuroraReplicaLagMaximum", "Maximum"))
        ]
    case "AWS::ElasticLoadBalancingV2::LoadBalancer": loadBalancer(id)
    case "AWS::ElasticLoadBalancing::LoadBalancer": classicLoadBalancer(id)
    case "AWS::ECS::Service": service(id)
    case "AWS::SQS::Queue": queue(id)
    case "AWS::SNS::Topic": topic(id)
    case "AWS::DynamoDB::Table", "AWS::DynamoDB::GlobalTable": table(id)
    case "AWS::Kinesis::Stream": stream(id)
    case "AWS::Events::Rule": rule(id)
    default: []
    }
  }

  private static func database(_ dimension: String, _ id: String) -> [SeriesDefinition] {
    let metric = from("AWS/RDS", [(dimension, id)])
    return [
      gauge("database/\(id)/cpu", metric("CPUUtilization", "Average"), highest: 100),
      gauge("database/\(id)/connections", metric("DatabaseConnections", "Average")),
    ]
  }

  /// `arn:…:loadbalancer/app/NAME/ID`. What a balancer answers by itself is no request of its targets.
  private static func loadBalancer(_ arn: String) -> [SeriesDefinition] {
    guard let start = arn.range(of: "loadbalancer/") else { return [] }
    let dimension = String(arn[start.upperBound...])
    let parts = dimension.split(separator: "/")
    guard parts.count == 3 else { return [] }
    let name = "balancer/\(parts[1])"
    guard parts[0] == "app" else {
      guard parts[0] == "net" else { return [] }
      let metric = from("AWS/NetworkELB", [("LoadBalancer", dimension)])
      return [
        gauge("\(name)/resets", metric("TCP_ELB_Reset_Count", "Sum"), isZeroWhereAbsent: true),
        gauge("\(name)/flows", metric("ActiveFlowCount", "Average")),
      ]
    }
    let metric = from("AWS/ApplicationELB", [("LoadBalancer", dimension)])
    let own = metric("HTTPCode_ELB_5XX_Count", "Sum")
    return balancer(
      name, failures: [metric("HTTPCode_Target_5XX_Count", "Sum"), own],
      refused: [metric("HTTPCode_Target_4XX_Count", "Sum")], requests: [metric("RequestCount", "Sum"), own],
      latency: metric("TargetResponseTime", "p95"))
  }

  private static func classicLoadBalancer(_ name: String) -> [SeriesDefinition] {
    let metric = from("AWS/ELB", [("LoadBalancerName", name)])
    let own = metric("HTTPCode_ELB_5XX", "Sum")
    return balancer(
      "balancer/\(name)", failures: [metric("HTTPCode_Backend_5XX", "Sum"), own],
      refused: [metric("HTTPCode_Backend_4XX", "Sum")], requests: [metric("RequestCount", "Sum"), own],
      latency: metric("Latency", "p95"))
  }

  /// Balancers keep latencies in seconds.
  private static func balancer(
    _ name: String, failures: [MetricStatistic], refused: [MetricStatistic], requests: [MetricStatistic],
    latency: MetricStatistic
  ) -> [SeriesDefinition] {
    [
      SeriesDefinition(name: SeriesName(name: name, kind: .errors), values: failures, counts: requests),
      SeriesDefinition(
        name: SeriesName(name: name, kind: .latency), values: [latency], counts: requests, scale: 1000),
      SeriesDefinition(
        name: SeriesName(name: name + Observations.clientErrors, kind: .errors), values: refused,
        counts: requests),
    ]
  }

  /// How many targets of a group are not well; the group's metrics are kept by its balancer too.
  static func targetGroup(arn: String, balancer: String) -> [SeriesDefinition] {
    guard let start = balancer.range(of: "loadbalancer/"), let own = arn.range(of: "targetgroup/") else {
      return []
    }
    let (kind, group) = (balancer[start.upperBound...], String(arn[own.lowerBound...]))
    let metric = from(
      kind.hasPrefix("net") ? "AWS/NetworkELB" : "AWS/ApplicationELB",
      [("LoadBalancer", String(kind)), ("TargetGroup", group)])
    return [
      gauge(
        "targets/\(group.split(separator: "/").dropFirst().first ?? "")/unhealthy",
        metric("UnHealthyHostCount", "Maximum"))
    ]
  }

  /// `arn:…:service/CLUSTER/NAME`; older ARNs do not name the cluster.
  private static func service(_ arn: String) -> [SeriesDefinition] {
    let parts = arn.split(separator: "/")
    guard parts.count == 3 else { return [] }
    let dimensions = [("ClusterName", String(parts[1])), ("ServiceName", String(parts[2]))]
    let metric = from("AWS/ECS", dimensions)
    let name = "service/\(parts[2])"
    return [
      gauge("\(name)/cpu", metric("CPUUtilization", "Average")),
      gauge("\(name)/memory", metric("MemoryUtilization", "Average")),
      gauge("\(name)/tasks", from("ECS/ContainerInsights", dimensions)("RunningTaskCount", "Average")),
    ]
  }

  /// `https://sqs.REGION.amazonaws.com/ACCOUNT/NAME`: how long the oldest message waits, and how many do. Of a queue of dead
  /// letters the second tells.
  private static func queue(_ url: String) -> [SeriesDefinition] {
    let name = String(url.split(separator: "/").last ?? "")
    let metric = from("AWS/SQS", [("QueueName", name)])
    return [
      gauge("queue/\(name)/age", metric("ApproximateAgeOfOldestMessage", "Maximum")),
      gauge("queue/\(name)/waiting", metric("ApproximateNumberOfMessagesVisible", "Maximum")),
    ]
  }

  private static func topic(_ arn: String) -> [SeriesDefinition] {
    let name = String(arn.split(separator: ":").last ?? "")
    let metric = from("AWS/SNS", [("TopicName", name)])
    let failed = metric("NumberOfNotificationsFailed", "Sum")
    return [
      SeriesDefinition(
        name: SeriesName(name: "topic/\(name)", kind: .errors), values: [failed],
        counts: [metric("NumberOfNotificationsDelivered", "Sum"), failed])
    ]
  }

  private static func table(_ name: String) -> [SeriesDefinition] {
    let metric = from("AWS/DynamoDB", [("TableName", name)])
    return [("read-throttles", "ReadThrottleEvents"), ("write-throttles", "WriteThrottleEvents")].map {
      gauge("table/\(name)/\($0)", metric($1, "Sum"), isZeroWhereAbsent: true)
    }
  }

  private static func stream(_ name: String) -> [SeriesDefinition] {
    let metric = from("AWS/Kinesis", [("StreamName", name)])
    return [
      SeriesDefinition(
        name: SeriesName(name: "stream/\(name)", kind: .errors),
        values: [metric("PutRecords.FailedRecords", "Sum")],
        counts: [metric("PutRecords.TotalRecords", "Sum")]),
      gauge("stream/\(name)/age", metric("GetRecords.IteratorAgeMilliseconds", "Maximum")),
      gauge(
        "stream/\(name)/read-throttles", metric("ReadProvisionedThroughputExceeded", "Sum"),
        isZeroWhereAbsent: true),
    ]
  }

  /// `NAME`, or `BUS|NAME` on another bus than the default one.
  private static func rule(_ id: String) -> [SeriesDefinition] {
    let parts = id.split(separator: "|").map(String.init)
    guard let name = parts.last else { return [] }
    let metric = from(
      "AWS/Events", (parts.count == 2 ? [("EventBusName", parts[0])] : []) + [("RuleName", name)])
    return [
      SeriesDefinition(
        name: SeriesName(name: "rule/\(name)", kind: .errors), values: [metric("FailedInvocations", "Sum")],
        counts: [metric("Invocations", "Sum")])
    ]
  }

  private static func gauge(
    _ name: String, _ metric: MetricStatistic, isZeroWhereAbsent: Bool = false, highest: Double? = nil
  ) -> SeriesDefinition {
    var series = SeriesDefinition(name: SeriesName(name: name, kind: .gauge), values: [metric], counts: [])
    series.isZeroWhereAbsent = isZeroWhereAbsent
    series.ceiling = highest
    return series
  }

  private static func from(
    _ namespace: String, _ dimensions: [(String, String)]
  ) -> (String, String) -> MetricStatistic {
    let dimensions = dimensions.map { MetricDimension(name: $0.0, value: $0.1) }
    return { MetricStatistic(namespace: namespace, name: $0, dimensions: dimensions, statistic: $1) }
  }
}

extension String {
  /// Where `part` stands first. Foundation has this, and is not needed for anything else here.
  fileprivate func range(of part: String) -> Range<Index>? {
    var start = startIndex
    while start < endIndex {
      if self[start...].hasPrefix(part) { return start..<index(start, offsetBy: part.count) }
      start = index(after: start)
    }
    return nil
  }
}
