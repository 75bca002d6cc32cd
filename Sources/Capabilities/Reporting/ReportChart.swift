import SystemInterfaces

/// A series over time, as a chart shows it.
public struct ReportChart: Sendable {
  /// What it shows, and what came of it in one word.
  public var title: String, verdict: String
  /// One sentence below the title.
  public var subtitle: String
  /// Of the values, such as `%` or `ms`; may be empty.
  public var unit: String
  /// The start of the first period, and the length of all.
  public var start: Timestamp, period: Duration
  /// One a period, nil where there is none: the values, the requests, and the values of the same time of the day before.
  public var values: [Double?], counts: [Double?], dayBefore: [Double?]
  /// Between which values nine of ten periods of before were.
  public var usual: ClosedRange<Double>?
  /// From which value on a period is severe.
  public var limit: Double?
  /// When the new version was in place, when the change began, and when it was decided.
  public var deployedAt: Timestamp?, onset: Timestamp?, decidedAt: Timestamp?

  /// A chart.
  public init(
    title: String, verdict: String, subtitle: String, unit: String, start: Timestamp, period: Duration,
    values: [Double?], counts: [Double?] = [], dayBefore: [Double?] = [], usual: ClosedRange<Double>? = nil,
    limit: Double? = nil, deployedAt: Timestamp? = nil, onset: Timestamp? = nil, decidedAt: Timestamp? = nil
  ) {
    self.title = title
    self.verdict = verdict
    self.subtitle = subtitle
    self.unit = unit
    self.start = start
    self.period = period
    self.values = values
    self.counts = counts
    self.dayBefore = dayBefore
    self.usual = usual
    self.limit = limit
    self.deployedAt = deployedAt
    self.onset = onset
    self.decidedAt = decidedAt
  }
}
