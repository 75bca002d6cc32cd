import JSONValues
import SystemInterfaces

/// What was normal before a deployment: answers and numbers.
public struct Baseline: Codable, Hashable, Sendable {
  /// One entry a check.
  public var responses: [ResponseBaseline]
  /// One entry a series.
  public var series: [SeriesBaseline]

  /// Nothing known.
  public init(responses: [ResponseBaseline] = [], series: [SeriesBaseline] = []) {
    self.responses = responses
    self.series = series
  }
}

/// How a check ended and what answered, before the deployment.
public struct ResponseBaseline: Codable, Hashable, Sendable {
  /// The check's name, stable from run to run.
  public var name: String
  /// The outcome, as in a smoke-test record: `pass`, `fail`, …
  public var outcome: String
  /// The status of the answer, where there was one.
  public var status: Int?
  /// Milliseconds of each warm sample.
  public var latencies: [Double]
  /// JSON paths and the types found there, such as `$.status` → `string`.
  public var shape: [String: String]?
  /// Header names in lower case, without values.
  public var headerNames: [String]?
  /// When the certificate ends.
  public var certificateExpires: Timestamp?
  /// The version or commit that answered, where the answer tells it.
  public var answeredVersion: String?
  /// What a query found: a number, or how many rows and their digest.
  public var value: String?

  /// A baseline of one check.
  public init(name: String, outcome: String, status: Int? = nil, latencies: [Double] = []) {
    self.name = name
    self.outcome = outcome
    self.status = status
    self.latencies = latencies
  }
}

/// The points of a series before the deployment.
public struct SeriesBaseline: Codable, Hashable, Sendable {
  /// Stable from run to run, such as `api/CiraInvoice-prod/5xx`.
  public var name: String
  /// `errors`, `latency` or `gauge`.
  public var kind: String
  /// Seconds between points.
  public var period: Int
  /// The start of the first point; the others follow at `period`.
  public var start: Timestamp
  /// One value a period, in the unit of the kind; nil where there is no data.
  public var values: [Double?]
  /// The requests behind each value; nil where there is no data.
  public var counts: [Double?]

  /// The points of a series.
  public init(name: String, kind: String, period: Int, start: Timestamp, values: [Double?], counts: [Double?])
  {
    self.name = name
    self.kind = kind
    self.period = period
    self.start = start
    self.values = values
    self.counts = counts
  }
}
