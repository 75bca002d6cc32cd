/// The thresholds of the judgement. Defaults follow the runbook: errors over 10 %, latency over 5 × normal.
public struct HealthPolicy: Hashable, Sendable {
  /// Which rule judges.
  public enum Judge: String, Hashable, Sendable, CaseIterable {
    /// Sequential tests with bounded false alarms, look by look.
    case sequential
    /// The Mann-Whitney comparison of Spinnaker's Kayenta with its default settings, once, at the end.
    case mannWhitney = "mann-whitney"
  }
  /// The rule.
  public var judge = Judge.sequential
  /// The share of healthy deployments that may be called changed, over all series and looks together.
  public var falseAlarms = 0.01
  /// The error rate that warrants a rollback.
  public var severeErrorRate = 0.10
  /// An error rate below this is never a change.
  public var smallestErrorMargin = 0.02
  /// How far the error rate may exceed the baseline's upper bound without being a change.
  public var errorMarginFactor = 1.5
  /// The p95 latency, as a multiple of the baseline's median, that warrants a rollback.
  public var severeLatencyFactor = 5.0
  /// About half: the error rate that no baseline makes normal, and by which a series without a past is judged.
  public var ceilingErrorRate = 0.45
  /// The p95 latency, as a multiple of the baseline's median, that is said to be degraded.
  public var degradedLatencyFactor = 1.5
  /// Milliseconds that a caller waits at most: a latency that no baseline makes normal.
  public var ceilingLatency = 29_000.0
  /// How long a latency may be high after a deployment: what starts cold is slow at first.
  public var warmUp: Duration = .seconds(240)
  /// The probability of a severe rate below which a series counts as healthy.
  public var healthyRisk = 0.05
  /// Whether a front door that lost most of its traffic warrants a rollback, or only a question.
  public var stopsOnLostTraffic = false
  /// The alarms that warrant a rollback; others are told.
  public var stopAlarms: Set<String> = []
  /// How the Mann-Whitney rule classifies.
  public var classifier = MannWhitneyClassifier()
  /// Which way its metrics may not move, where it is the same for all; what missing data mean; whether a failure is
  /// critical.
  public var direction: MannWhitneyClassifier.Direction?,
    missingData = MannWhitneyClassifier.MissingData.remove
  /// See `direction`.
  public var isCritical = false
  /// The share of the expected traffic below which most of it is lost.
  public var lostTraffic = 0.3

  /// The defaults.
  public init() {}
}
