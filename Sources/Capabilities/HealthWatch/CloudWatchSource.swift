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
    for batch in CloudWatchSource.batches(metrics, period: max(1, Int(period.inSeconds))) {
      let data = try await client.getMetricData(batch.flatMap(\.queries), start: start, end: end)
      answer.calls.add(
        CloudWatchSource.count(calls: data.calls, metrics: batch.reduce(0) { $0 + $1.charged }))
      let found = Dictionary(data.series.map { ($0.id, $0) }) { first, _ in first }
      for one in batch {
        guard let series = found[one.id] else {
          answer.incomplete[one.wanted] = data.messages.first ?? "nothing"
          continue
        }
        if !series.isComplete {
          let words = [series.statusCode] + series.messages + data.messages
          answer.incomplete[one.wanted] = words.prefix(3).joined(separator: ", ")
        }
        answer.points[one.wanted] = Dictionary(series.points.map { ($0.time, $0.value) }) { _, last in last }
      }
    }
    return answer
  }

  /// What is asked for one metric: a query, or an expression and those that it needs.
  private struct Batched {
    var wanted: MetricStatistic
    var id: String
    var queries: [MetricQuery]
    /// The metrics that AWS charges for.
    var charged: Int { max(1, queries.count { if case .metric = $0.source { true } else { false } }) }
  }

  /// As few requests as hold all: an expression and what it needs stand in one.
  private static func batches(_ metrics: [MetricStatistic], period: Int) -> [[Batched]] {
    var batches: [[Batched]] = []
    var room = 0
    for (index, wanted) in metrics.enumerated() {
      let one = batched(wanted, id: "m\(index)", period: period)
      if one.queries.count > room {
        batches.append([])
        room = CloudWatchClient.maximumQueries
      }
      batches[batches.count - 1].append(one)
      room -= one.queries.count
    }
    return batches
  }

  private static func batched(_ wanted: MetricStatistic, id: String, period: Int) -> Batched {
    func query(_ id: String, _ metric: MetricStatistic, returnsData: Bool = true) -> MetricQuery {
      MetricQuery(
        id: id,
        metric: Metric(
          namespace: metric.namespace, name: metric.name,
          dimensions: Dictionary(metric.dimensions.map { ($0.name, $0.value) }) { _, last in last }),
        statistic: metric.statistic, period: period, returnsData: returnsData)
    }
    guard case .expression(let text, let operands) = wanted.origin else {
      return Batched(wanted: wanted, id: id, queries: [query(id, wanted)])
    }
    // Two expressions may use one name for two metrics.
    let names = Dictionary(uniqueKeysWithValues: operands.keys.map { ($0, "\(id)_\($0)") })
    return Batched(
      wanted: wanted, id: id,
      queries: operands.sorted { $0.key < $1.key }.map {
        query(names[$0.key] ?? $0.key, $0.value, returnsData: false)
      }
        + [MetricQuery(id: id, expression: renamed(text, names), period: period)])
  }

  /// The expression with the names of its metrics replaced, what stands in quotes left alone.
  static func renamed(_ expression: String, _ names: [String: String]) -> String {
    var out = ""
    var word = ""
    var quote: Character?
    for character in expression + "\n" {
      if quote == nil, character.isLetter || character.isNumber || character == "_" {
        word.append(character)
        continue
      }
      out += names[word] ?? word
      word = ""
      if quote == nil, character == "'" || character == "\"" {
        quote = character
      } else if quote == character {
        quote = nil
      }
      out.append(character)
    }
    return String(out.dropLast())
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

/// The states of alarms, one call an account.
struct CloudWatchAlarms: AlarmSource {
  var clients: StackClients

  func states(of alarms: [AlarmName]) async throws -> [String: AlarmState] {
    var states: [String: AlarmState] = [:]
    for client in clients.all {
      let names = alarms.filter { alarm in
        (alarm.stack.map { clients.client(ofStackOrARN: $0) } ?? clients.own) === client
      }.map(\.name)
      for alarm in names.isEmpty ? [] : try await CloudWatchClient(client).alarms(names) {
        states[alarm.name] = alarm
      }
    }
    return states
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
