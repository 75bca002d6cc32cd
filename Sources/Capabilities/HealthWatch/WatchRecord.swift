import DeploymentRecords
import HealthAnalysis
import StepResults
import SystemInterfaces

/// What `watch-30m` leaves behind.
public struct WatchPart: StepPart {
  public static let step = Step.watch30m

  /// The answer in short.
  public struct Summary: Codable, Hashable, Sendable {
    /// In words, the first reason first.
    public var reasons: [String]
    /// Series by verdict: `healthy`, `degraded`, `severe`, `inconclusive`.
    public var counts: [String: Int]

    /// As given.
    public init(reasons: [String], counts: [String: Int]) {
      (self.reasons, self.counts) = (reasons, counts)
    }
  }

  /// One entry a series.
  public var series: [SeriesRecord]
  /// Whether no further look is to be made; false after a look of `--once` that left the question open.
  public var finished: Bool
  /// What CloudWatch was asked.
  public var calls: CallCount
  /// What was watched, and how.
  public var window: WindowRecord
  /// New kinds of error in the functions' logs.
  public var logs: [LogRecord]
  /// Which traffic a new version was given.
  public var promotion: PromotionRecord?
}

extension WatchPart {
  /// A run that watched nothing.
  public init(nothingSeenAt time: Timestamp, promotion: PromotionRecord? = nil) {
    let window = WindowRecord(
      deployedAt: time, duration: 0, period: 60, interval: 60, settle: 0, judge: "sequential", mode: "live",
      looks: 0, revisions: 0, endedEarly: false, extended: 0)
    self.init(
      series: [], finished: true, calls: CallCount(), window: window, logs: [], promotion: promotion)
  }
}

/// The judgement of one series, as it is recorded.
public struct SeriesRecord: Codable, Hashable, Sendable {
  /// The series: `api/…`, `function/…`, `workflow/…`, `database/…`, `probe:…`, or as recorded.
  public var name: String
  /// `errors`, `latency` or `gauge`.
  public var kind: String
  /// `healthy`, `degraded`, `severe` or `inconclusive`.
  public var verdict: String
  /// How strong the evidence for a change is; `observed.evidenceNeeded` is what a change needs.
  public var evidence: Double
  /// When the change began, and the last period needed to call it severe.
  public var onset: Timestamp?, decidedAt: Timestamp?
  /// What was normal, and what was seen: figures by name.
  public var baseline: [String: Double], observed: [String: Double]
  /// The two versions that were compared, where both got traffic at the same time.
  public var comparison: ComparisonRecord?
  /// In words.
  public var reasons: [String]
  /// What a chart of the series shows; not kept where there are very many series.
  public var chart: ChartRecord?

  init(_ judged: SeriesJudgement) {
    name = judged.name
    kind = judged.kind.rawValue
    verdict = judged.verdict.rawValue
    evidence = SeriesRecord.rounded(judged.evidence)
    onset = judged.onset
    decidedAt = judged.decidedAt
    baseline = SeriesRecord.dictionary(judged.baseline)
    observed = SeriesRecord.dictionary(judged.observed)
    reasons = judged.reasons
    comparison = judged.comparison.map { ComparisonRecord($0) }
  }

  fileprivate static func dictionary(_ figures: Figures) -> [String: Double] {
    Dictionary(figures.entries.map { ($0.name, rounded($0.value)) }) { _, last in last }
  }

  /// Six decimals: enough to recompute, and no digits that mean nothing.
  fileprivate static func rounded(_ value: Double) -> Double {
    abs(value) < 1e9 ? (value * 1e6).rounded() / 1e6 : value
  }
}

/// Two versions at the same time, as they are recorded.
public struct ComparisonRecord: Codable, Hashable, Sendable {
  /// One of them, and what was seen of it: `requests`, `failures`, `rate`, `medianMs`, `median`.
  public struct Version: Codable, Hashable, Sendable {
    public var version: String
    public var figures: [String: Double]
  }
  /// The versions.
  public var new: Version, old: Version
  /// The share of the requests that the new version got, and the one that it was to get, from 0 to 1.
  public var share: Double, wantedShare: Double?
  /// How they were compared, and how many times as bad the new one may be without being worse.
  public var test: String, ratio: Double
  /// The strongest evidence so far that it is worse, and what such a change needs.
  public var evidence: Double, evidenceNeeded: Double
  /// Requests of the new version that it takes to tell, and minutes until they have come, where there were too few.
  public var requestsNeeded: Double?, minutesNeeded: Double?

  init(_ compared: VersionComparison) {
    new = Version(version: compared.newVersion, figures: SeriesRecord.dictionary(compared.new))
    old = Version(version: compared.oldVersion, figures: SeriesRecord.dictionary(compared.old))
    share = SeriesRecord.rounded(compared.share)
    wantedShare = compared.wantedShare
    (test, ratio) = (compared.test, compared.ratio)
    evidence = SeriesRecord.rounded(compared.evidence)
    evidenceNeeded = SeriesRecord.rounded(compared.evidenceNeeded)
    (requestsNeeded, minutesNeeded) = (compared.requestsNeeded, compared.minutesNeeded)
  }
}

/// Calls of CloudWatch and what they cost.
public struct CallCount: Codable, Hashable, Sendable {
  /// GetMetricData calls, pages and retries included.
  public var getMetricData = 0
  /// Metrics asked for in them, which is what AWS charges for.
  public var metricsRequested = 0
  /// At 0.01 US dollars a thousand metrics.
  public var estimatedUsd = 0.0

  /// Adds one call for `metrics` metrics.
  mutating func add(metrics: Int) {
    getMetricData += 1
    metricsRequested += metrics
    estimatedUsd = Double(metricsRequested) / 100_000
  }

  /// Adds what another query took.
  mutating func add(_ other: CallCount) {
    getMetricData += other.getMetricData
    metricsRequested += other.metricsRequested
    estimatedUsd = Double(metricsRequested) / 100_000
  }
}

/// What was watched.
public struct WindowRecord: Codable, Hashable, Sendable {
  /// When the new version was in place.
  public var deployedAt: Timestamp
  /// Seconds: of the whole watch, of a period, between looks, and how old a period had to be to count.
  public var duration: Double, period: Double, interval: Double, settle: Double
  /// Which rule judged: `sequential` or `mann-whitney`.
  public var judge: String
  /// `live` or `replay`.
  public var mode: String
  /// How often AWS was asked, and how many points changed between two answers.
  public var looks: Int, revisions: Int
  /// Whether the watch ended before its time, because its answer was certain.
  public var endedEarly: Bool
  /// Seconds that it went on after its time, because something had begun and was not decided.
  public var extended: Double
}

/// A kind of error that the logs had not shown before the deployment.
public struct LogRecord: Codable, Hashable, Sendable {
  /// The log group.
  public var group: String
  /// The message with numbers and ids replaced, by which kinds are told apart.
  public var kind: String
  /// How often, and when first.
  public var count: Int, firstSeen: Timestamp
  /// One message, shortened and redacted.
  public var example: String
}
