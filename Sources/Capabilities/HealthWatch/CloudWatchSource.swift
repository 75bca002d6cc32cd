import AWSClients
import SystemInterfaces

/// Metrics from CloudWatch: one GetMetricData call a look and account, further ones for further pages.
struct CloudWatchSource: MetricSource {
  var clients: StackClients

  func points(
    of metrics: [MetricStatistic], from start: Timestamp, to end: Timestamp, period: Duration
  ) async throws -> MetricAnswer {
    var answer = MetricAnswer()
    for client in clients.all {
      let here = metrics.filter { metric in
        (metric.stack.map { clients.client(ofStackOrARN: $0) } ?? clients.own) === client
      }
      let part = try await points(
        of: here, from: start, to: end, period: period, CloudWatchClient(client))
      answer.points.merge(part.points) { $1 }
      answer.incomplete.merge(part.incomplete) { $1 }
      answer.calls.add(part.calls)
    }
    return answer
  }

  private func points(
    of metrics: [MetricStatistic], from start: Timestamp, to end: Timestamp, period: Duration,
    _ client: CloudWatchClient
  ) async throws -> MetricAnswer {
    var answer = MetricAnswer()
    guard !metrics.isEmpty, start < end else { return answer }
    let queries = metrics.enumerated().map { index, wanted in
      MetricQuery(
        id: "m\(index)",
        metric: Metric(
          namespace: wanted.namespace, name: wanted.name,
          dimensions: Dictionary(wanted.dimensions.map { ($0.name, $0.value) }) { _, last in last }),
        statistic: wanted.statistic, period: max(1, Int(period.inSeconds)))
    }
    let data = try await client.getMetricData(queries, start: start, end: end)
    answer.calls = CloudWatchSource.count(calls: data.calls, metrics: metrics.count)
    let found = Dictionary(data.series.map { ($0.id, $0) }) { first, _ in first }
    for (index, wanted) in metrics.enumerated() {
      guard let series = found["m\(index)"] else {
        answer.incomplete[wanted] = data.messages.first ?? "nothing"
        continue
      }
      if !series.isComplete {
        let words = [series.statusCode] + series.messages + data.messages
        answer.incomplete[wanted] = words.prefix(3).joined(separator: ", ")
      }
      answer.points[wanted] = Dictionary(series.points.map { ($0.time, $0.value) }) { _, last in last }
    }
    return answer
  }

  /// AWS charges for each metric of each request, further pages included.
  static func count(calls: Int, metrics: Int) -> CallCount {
    var count = CallCount()
    var rest = metrics
    for _ in 0..<calls {
      let batch = min(rest > 0 ? rest : metrics, CloudWatchClient.maximumQueries)
      count.add(metrics: batch)
      rest -= batch
    }
    return count
  }
}

/// Errors from CloudWatch Logs.
struct CloudWatchLogsSource: LogSource {
  var clients: StackClients
  /// Lines that are read at most: a log that says nothing but errors needs no more to be told.
  static let most = 5000
  /// What is asked for besides, of the policy.
  var more: [String] = []
  /// What runtimes and loggers write when something goes wrong, in the spellings that they use (a term is matched as it
  /// is written, in lines of text, in brackets and in structured lines alike), and Lambda's sentence for a timeout. Asked
  /// for one after the other: a pattern of alternatives is not understood everywhere.
  static let patterns = ["ERROR", "Error", "error", "CRITICAL", "FATAL", "\"Task timed out\""]

  func errors(
    in group: LogGroup, from start: Timestamp, to end: Timestamp
  ) async throws -> (events: [LogLine], isWhole: Bool) {
    do {
      let client = LogsClient(clients[group.stack])
      var found: [LogLine] = []
      var known: Set<LogLine> = []
      var isWhole = true
      for pattern in Self.patterns + more {
        let events = try await client.filterLogEvents(
          group: group.name, pattern: pattern, start: start, end: end, maximum: Self.most)
        // A line that two patterns match is one line.
        let lines = events.map { LogLine(time: $0.time, message: $0.message) }
        found += pattern == Self.patterns[0] ? lines : lines.filter { known.insert($0).inserted }
        if pattern == Self.patterns[0] { known.formUnion(lines) }
        isWhole = isWhole && events.count < Self.most
      }
      return (found.sorted { $0.time < $1.time }, isWhole)
    } catch let error as AWSError where error.kind == .notFound {
      // A function that never ran has no log group.
      return ([], true)
    }
  }
}
