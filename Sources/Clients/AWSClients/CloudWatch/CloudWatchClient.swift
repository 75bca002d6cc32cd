import SystemInterfaces

/// CloudWatch metrics.
public struct CloudWatchClient: Sendable {
  private let client: AWSClient
  /// A client over `client`.
  public init(_ client: AWSClient) { self.client = client }

  /// Queries that one request takes at most.
  public static let maximumQueries = 500
  /// Names of alarms that one request takes at most.
  static let maximumAlarms = 100
  /// Pages of one request that are read at most: more than any answer of 500 series has.
  static let maximumPages = 500

  /// The points from `start` up to and without `end`, over all pages; more than 500 queries are sent in several requests.
  public func getMetricData(
    _ queries: [MetricQuery], start: Timestamp, end: Timestamp, maximumPoints: Int? = nil
  ) async throws -> MetricData {
    var data = MetricData(series: [], calls: 0)
    var rest = queries[...]
    while !rest.isEmpty {
      let batch = Array(rest.prefix(CloudWatchClient.maximumQueries))
      rest = rest.dropFirst(batch.count)
      let part = try await batchData(batch, start: start, end: end, maximumPoints: maximumPoints)
      data.series += part.series
      data.messages += part.messages
      data.calls += part.calls
    }
    return data
  }

  private func batchData(
    _ queries: [MetricQuery], start: Timestamp, end: Timestamp, maximumPoints: Int?
  ) async throws -> MetricData {
    var parameters = QueryParameters()
    parameters.set(list: "MetricDataQueries", queries) { $0.write(to: &$1) }
    parameters.set("StartTime", start)
    parameters.set("EndTime", end)
    parameters["ScanBy"] = "TimestampAscending"
    parameters.set("MaxDatapoints", maximumPoints)
    var series: [String: MetricSeries] = [:]
    var data = MetricData(series: [], calls: 0)
    let counter = AttemptCounter()
    var token: String?
    var seen: Set<String> = []
    repeat {
      var page = parameters
      page["NextToken"] = token
      let answer = try await client.query(.query(.cloudWatch, "GetMetricData", page), counter: counter)
      data.messages += answer.list("Messages").map(CloudWatchClient.message)
      for element in answer.list("MetricDataResults") {
        let found = MetricSeries(element)
        guard var known = series[found.id] else {
          series[found.id] = found
          continue
        }
        // Further pages bring further points, and the status of the whole so far.
        known.points += found.points
        known.statusCode = found.statusCode
        known.messages += found.messages
        series[found.id] = known
      }
      token = answer.nonEmpty("NextToken")
      // A page that leads back to one that was read has no end, and what it leads away from was not read.
      if let next = token, !seen.insert(next).inserted || seen.count > CloudWatchClient.maximumPages {
        token = nil
        for id in series.keys {
          series[id]?.statusCode = "PartialData"
          series[id]?.messages.append("its pages have no end (NextToken after \(counter.value) requests)")
        }
      }
    } while token != nil
    data.calls = counter.value
    data.series = queries.compactMap { query in
      series[query.id].map { found in
        var sorted = found
        sorted.points.sort { $0.time < $1.time }
        return sorted
      }
    }
    return data
  }

  /// Metrics that had points in the last two weeks, over all pages.
  /// - Parameter dimensions: those that a metric must have; it may have more.
  public func listMetrics(
    namespace: String, name: String? = nil, dimensions: [String: String] = [:]
  ) async throws -> [Metric] {
    var parameters: QueryParameters = ["Namespace": namespace, "MetricName": name]
    if !dimensions.isEmpty { parameters.set(dimensions: dimensions) }
    var metrics: [Metric] = []
    try await client.pages(of: .cloudWatch, "ListMetrics", subject: namespace) { token in
      var page = parameters
      page["NextToken"] = token
      let answer = try await client.query(.query(.cloudWatch, "ListMetrics", page))
      metrics += answer.list("Metrics").map { element in
        Metric(
          namespace: element.text("Namespace") ?? "", name: element.text("MetricName") ?? "",
          dimensions: Dictionary(
            element.list("Dimensions").map { ($0.text("Name") ?? "", $0.text("Value") ?? "") },
            uniquingKeysWith: { $1 }))
      }
      return answer.nonEmpty("NextToken")
    }
    return metrics
  }

  /// The state of each alarm, composite ones included, by its ARN: `OK`, `ALARM` or `INSUFFICIENT_DATA`. Alarms that are not
  /// there are left out.
  public func alarmStates(_ names: [String]) async throws -> [String: String] {
    Dictionary(try await alarms(names).map { ($0.arn, $0.state) }) { _, last in last }
  }

  /// The alarms of these names, composite ones included; those that are not there are left out.
  public func alarms(_ names: [String]) async throws -> [AlarmState] {
    var found: [AlarmState] = []
    var rest = names[...]
    while !rest.isEmpty {
      let batch = Array(rest.prefix(CloudWatchClient.maximumAlarms))
      rest = rest.dropFirst(batch.count)
      try await client.pages(of: .cloudWatch, "DescribeAlarms") { token in
        var parameters = QueryParameters()
        parameters.set(list: "AlarmNames", batch)
        parameters.set(list: "AlarmTypes", ["MetricAlarm", "CompositeAlarm"])
        parameters["NextToken"] = token
        let answer = try await client.query(.query(.cloudWatch, "DescribeAlarms", parameters))
        for element in answer.list("MetricAlarms") + answer.list("CompositeAlarms") {
          found.append(
            AlarmState(
              name: element.text("AlarmName") ?? "", arn: element.text("AlarmArn") ?? "",
              state: element.text("StateValue") ?? "",
              since: element.text("StateTransitionedTimestamp").flatMap { Timestamp($0) }
                ?? element.text("StateUpdatedTimestamp").flatMap { Timestamp($0) },
              reason: element.nonEmpty("StateReason")))
        }
        return answer.nonEmpty("NextToken")
      }
    }
    return found
  }

  fileprivate static func message(_ element: XMLElement) -> String {
    [element.nonEmpty("Code"), element.nonEmpty("Value")].compactMap(\.self).joined(separator: ": ")
  }
}

extension QueryParameters {
  fileprivate mutating func set(dimensions: [String: String]) {
    set(list: "Dimensions", dimensions.sorted { $0.key < $1.key }) { dimension, members in
      members["Name"] = dimension.key
      members["Value"] = dimension.value
    }
  }
}

extension MetricQuery {
  fileprivate func write(to members: inout QueryParameters) {
    members["Id"] = id
    switch source {
    case .metric(let metric, let statistic, let unit):
      var inner = QueryParameters()
      inner["Namespace"] = metric.namespace
      inner["MetricName"] = metric.name
      if !metric.dimensions.isEmpty { inner.set(dimensions: metric.dimensions) }
      for pair in inner.pairs { members["MetricStat.Metric.\(pair.name)"] = pair.value }
      members.set("MetricStat.Period", period)
      members["MetricStat.Stat"] = statistic
      members["MetricStat.Unit"] = unit
    case .expression(let expression):
      members["Expression"] = expression
      members.set("Period", period)
    }
    members.set("ReturnData", returnsData)
  }
}

extension MetricSeries {
  fileprivate init(_ element: XMLElement) {
    let times = element.texts("Timestamps").compactMap { Timestamp($0) }
    let values = element.texts("Values").compactMap { Double($0) }
    self.init(
      id: element.text("Id") ?? "", label: element.text("Label") ?? "",
      points: zip(times, values).map { Point(time: $0, value: $1) },
      statusCode: element.nonEmpty("StatusCode") ?? "Complete",
      messages: element.list("Messages").map(CloudWatchClient.message))
  }
}
