import SystemInterfaces

/// A metric: name space, name and dimensions.
public struct Metric: Hashable, Sendable {
  /// Such as `AWS/Lambda`.
  public var namespace: String
  public var name: String
  /// Names and values; all of them, as CloudWatch keeps each combination apart.
  public var dimensions: [String: String]

  /// A metric.
  public init(namespace: String, name: String, dimensions: [String: String] = [:]) {
    self.namespace = namespace
    self.name = name
    self.dimensions = dimensions
  }
}

/// One series to ask for.
public struct MetricQuery: Hashable, Sendable {
  /// What the series is made of.
  public enum Source: Hashable, Sendable {
    /// One metric; `statistic` such as `Sum` or `p95`.
    case metric(Metric, statistic: String, unit: String?)
    /// Metric math over the ids of other queries.
    case expression(String)
  }
  /// Begins with a lower-case letter; letters, digits and underscores.
  public var id: String
  public var source: Source
  /// Seconds.
  public var period: Int
  /// Whether the series is sent back, or only used by expressions.
  public var returnsData: Bool

  /// A query of one metric.
  public init(
    id: String, metric: Metric, statistic: String, period: Int, unit: String? = nil, returnsData: Bool = true
  ) {
    self.id = id
    source = .metric(metric, statistic: statistic, unit: unit)
    self.period = period
    self.returnsData = returnsData
  }

  /// A query by metric math.
  public init(id: String, expression: String, period: Int, returnsData: Bool = true) {
    self.id = id
    source = .expression(expression)
    self.period = period
    self.returnsData = returnsData
  }
}

/// One series that came back.
public struct MetricSeries: Hashable, Sendable {
  /// One value, at the beginning of its period.
  public struct Point: Hashable, Sendable {
    public var time: Timestamp
    public var value: Double

    /// A point.
    public init(time: Timestamp, value: Double) {
      self.time = time
      self.value = value
    }
  }
  /// The id of its query.
  public var id: String
  public var label: String
  /// Oldest first.
  public var points: [Point]
  /// `Complete`, `PartialData`, `InternalError` or `Forbidden`.
  public var statusCode: String
  /// What CloudWatch says about it.
  public var messages: [String]

  /// A series.
  public init(
    id: String, label: String, points: [Point], statusCode: String = "Complete", messages: [String] = []
  ) {
    self.id = id
    self.label = label
    self.points = points
    self.statusCode = statusCode
    self.messages = messages
  }
  /// Whether all points that exist are there.
  public var isComplete: Bool { statusCode == "Complete" }
}

/// What GetMetricData gave, over all its pages.
public struct MetricData: Hashable, Sendable {
  /// In the order of the queries.
  public var series: [MetricSeries]
  /// Remarks on the whole request.
  public var messages: [String]
  /// How many requests it took, retries and pages included: each metric of each is charged.
  public var calls: Int

  /// What came back.
  public init(series: [MetricSeries], messages: [String] = [], calls: Int = 1) {
    self.series = series
    self.messages = messages
    self.calls = calls
  }
}

/// An alarm and the state that it is in.
public struct AlarmState: Hashable, Sendable {
  public var name: String, arn: String
  /// `OK`, `ALARM` or `INSUFFICIENT_DATA`.
  public var state: String
  /// Since when.
  public var since: Timestamp?
  /// CloudWatch's sentence for it.
  public var reason: String?

  /// An alarm.
  public init(name: String, arn: String, state: String, since: Timestamp?, reason: String?) {
    (self.name, self.arn, self.state, self.since, self.reason) = (name, arn, state, since, reason)
  }
}
