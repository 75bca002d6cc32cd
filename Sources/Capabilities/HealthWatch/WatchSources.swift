import HealthAnalysis
import SystemInterfaces

/// One metric and statistic of CloudWatch.
struct MetricStatistic: Hashable, Sendable {
  var namespace: String
  var name: String
  /// In a fixed order, so that equal metrics are equal.
  var dimensions: [MetricDimension]
  /// `Sum`, `Average`, `p95` and the like.
  var statistic: String
  /// The stack in whose account it is kept, by name or id; nil where none owns it.
  var stack: String?
}

/// One dimension of a metric.
struct MetricDimension: Hashable, Sendable {
  var name: String
  var value: String
}

/// A series and the metrics that it is made from: sums of metrics, point by point.
struct SeriesDefinition: Hashable, Sendable {
  var name: SeriesName
  /// Failures, a latency or a level.
  var values: [MetricStatistic]
  /// Requests; none for a gauge.
  var counts: [MetricStatistic]
  /// How old its periods must be to count, where that is longer than for all: Lambda dates a metric by the start of the
  /// invocation, and so minutes change until the longest one has ended.
  var settle: Duration = .zero
  /// Milliseconds that its callers wait at most, where known.
  var ceiling: Double?
}

extension [SeriesDefinition] {
  /// The same series, kept where `stack` stands.
  func kept(with stack: String?) -> [SeriesDefinition] {
    map { series in
      var series = series
      for index in series.values.indices { series.values[index].stack = stack }
      for index in series.counts.indices { series.counts[index].stack = stack }
      return series
    }
  }
}

/// A log group and the stack in whose account it stands, by name or id.
struct LogGroup: Hashable, Sendable {
  var name: String
  var stack: String
}

/// What there is to watch.
struct WatchTargets: Hashable, Sendable {
  var series: [SeriesDefinition] = []
  /// The functions' log groups.
  var logGroups: [LogGroup] = []
  /// The last update of any stack.
  var updatedAt: Timestamp?
  /// Stacks that the configuration names and AWS does not know.
  var missingStacks: [String] = []
}

/// The answer to a query of metrics.
struct MetricAnswer: Hashable, Sendable {
  /// Points by time.
  var points: [MetricStatistic: [Timestamp: Double]] = [:]
  /// Metrics whose data are not whole, and CloudWatch's word for why (`PartialData`, `Forbidden`, `InternalError`).
  var incomplete: [MetricStatistic: String] = [:]
  /// What it took.
  var calls = CallCount()
}

/// A line of a log.
struct LogLine: Hashable, Sendable {
  var time: Timestamp
  var message: String
}

/// Finds what there is to watch.
protocol TargetSource: Sendable {
  func targets() async throws -> WatchTargets
}

/// Answers queries of metrics.
protocol MetricSource: Sendable {
  /// All points of `metrics` in periods of `period` that begin from `start` to before `end`.
  func points(of metrics: [MetricStatistic], from start: Timestamp, to end: Timestamp, period: Duration)
    async throws
    -> MetricAnswer
}

/// Reads logs.
protocol LogSource: Sendable {
  /// Events that look like errors, oldest first; `isWhole` is false where there were too many to read.
  func errors(in group: LogGroup, from start: Timestamp, to end: Timestamp) async throws
    -> (events: [LogLine], isWhole: Bool)
}

/// Asks the endpoint.
protocol Probe: Sendable {
  /// The series that the answers make, such as `probe:GET /`.
  var name: SeriesName { get }
  func ask() async throws -> ProbeAnswer
}

/// What came of one probe.
enum ProbeAnswer: Hashable, Sendable {
  /// A status below 500: somebody is at home.
  case answered(status: Int, milliseconds: Double)
  /// A status of 500 or more.
  case failed(status: Int)
  /// No answer, and why.
  case silent(String)
  /// An answer that is not the endpoint's own, such as a login page in front of it.
  case foreign(String)
  /// This machine could not ask, and why: that says nothing of the endpoint.
  case unasked(String)
}
