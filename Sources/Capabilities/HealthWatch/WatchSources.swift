import AWSClients
import HealthAnalysis
import SystemInterfaces

/// One metric and statistic: of CloudWatch, unless `origin` says another place.
struct MetricStatistic: Hashable, Sendable {
  /// Where its points come from.
  enum Origin: Hashable, Sendable {
    case cloudWatch
    /// CloudWatch's metric math over the metrics that `with` names.
    case expression(String, with: [String: MetricStatistic])
    /// A query of a Prometheus server that gives one series.
    case prometheus(address: String, query: String, tokenVariable: String?)
    /// A number, or pairs of time and value, in a JSON document.
    case document(address: String, pointer: String, tokenVariable: String?)
  }
  var namespace: String
  var name: String
  /// In a fixed order, so that equal metrics are equal.
  var dimensions: [MetricDimension]
  /// `Sum`, `Average`, `p95` and the like.
  var statistic: String
  /// The stack in whose account it is kept, by name or id; nil where none owns it.
  var stack: String?
  var origin = Origin.cloudWatch

  /// Who is asked for it, as people call it.
  var source: String {
    switch origin {
    case .cloudWatch: "CloudWatch says of \(namespace) \(name)"
    case .expression(let text, _): "CloudWatch says of \(text)"
    case .prometheus(let address, let query, _): "Prometheus at \(address) says of \(query)"
    case .document(let address, let pointer, _): "\(address) says of \(pointer.isEmpty ? "itself" : pointer)"
    }
  }
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
  /// Milliseconds that its callers wait at most, where known; of a gauge, the highest level that there can be.
  var ceiling: Double?
  /// What a value is multiplied by: 1000 where a latency is kept in seconds.
  var scale = 1.0
  /// Whether a period without a point is one with none of what is counted: throttles are only recorded where there are any.
  var isZeroWhereAbsent = false

  /// Whether its values are of the time at which they are asked for, so that nobody else remembers them.
  var isSampled: Bool {
    (values + counts).contains { metric in
      if case .document = metric.origin { true } else { false }
    }
  }
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

/// An alarm of CloudWatch, and the stack in whose account it stands; nil where the policy names it.
struct AlarmName: Hashable, Sendable {
  var name: String
  var stack: String?
}

/// What there is to watch.
struct WatchTargets: Hashable, Sendable {
  var series: [SeriesDefinition] = []
  /// The functions' log groups.
  var logGroups: [LogGroup] = []
  /// Alarms of the stacks and of the policy, with the stack in whose account each stands.
  var alarms: [AlarmName] = []
  /// Versions that get traffic at the same time, by the name that their series have in common; their points are not here.
  var versions: [String: ConcurrentSeries] = [:]
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

/// Knows the states of alarms.
protocol AlarmSource: Sendable {
  /// By the alarm's name; one that is not there is left out.
  func states(of alarms: [AlarmName]) async throws -> [String: AlarmState]
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
