import SystemInterfaces

/// What a series measures, and so how it is judged.
public enum SeriesKind: String, Hashable, Sendable, CaseIterable, Codable {
  /// `value` of `count` requests failed.
  case errors
  /// `value` is the 95th percentile in milliseconds of `count` requests.
  case latency
  /// `value` is a level, such as a utilization; `count` has no meaning.
  case gauge
}

/// One period of a series.
public struct SeriesPoint: Hashable, Sendable {
  /// The start of the period.
  public var time: Timestamp
  /// See `SeriesKind`.
  public var value: Double
  /// Requests in the period.
  public var count: Double

  /// The period that begins at `time`.
  public init(time: Timestamp, value: Double, count: Double = 0) {
    self.time = time
    self.value = value
    self.count = count
  }

  /// Failures per request; 0 without requests.
  public var rate: Double { count > 0 ? min(1, value / count) : 0 }
}

/// A series before and after a deployment. Points are sorted by time; the watch holds settled periods only.
public struct WatchedSeries: Hashable, Sendable {
  /// As shown to people; unique together with the kind.
  public var name: String
  /// How it is judged.
  public var kind: SeriesKind
  /// Periods before the deployment.
  public var baseline: [SeriesPoint]
  /// Periods that began at the deployment or later.
  public var watch: [SeriesPoint]
  /// Whether users meet this series first, such as an API's errors: half of the false alarms allowed are spent on these.
  public var isFrontDoor: Bool
  /// The error rate that is severe for this series, where it is not the policy's.
  public var severeRate: Double?
  /// Milliseconds that callers of this series wait at most, where it is not the policy's; of a gauge, the highest level that
  /// there can be.
  public var ceiling: Double?
  /// How long this series may be slow after a deployment, where it is not the policy's.
  public var warmUp: Duration?
  /// How the series was in the minutes after earlier deployments that were good, each moved to the time
  /// of this one.
  public var earlierStarts: [[SeriesPoint]] = []
  /// Up to when this series' periods are settled, where not all of the watch's are.
  public var settledUntil: Timestamp?
  /// What the old version did at the same time, where this series is the new one's and both get traffic.
  public var concurrent: ConcurrentSeries?
  /// Why the watch's data are not whole, where they are not (partial data, a failed call).
  public var gap: String?

  /// A series; whole unless `gap` says otherwise.
  public init(
    name: String, kind: SeriesKind, baseline: [SeriesPoint] = [], watch: [SeriesPoint] = [],
    isFrontDoor: Bool = false, severeRate: Double? = nil,
    settledUntil: Timestamp? = nil, gap: String? = nil
  ) {
    self.name = name
    self.kind = kind
    self.baseline = baseline
    self.watch = watch
    self.isFrontDoor = isFrontDoor
    self.severeRate = severeRate
    self.settledUntil = settledUntil
    self.gap = gap
  }
}

extension WatchedSeries {
  /// The old version, unless it got no request while the new one did: then nothing is to be compared.
  var comparable: ConcurrentSeries? {
    concurrent.flatMap { old in
      kind == .gauge || old.points.contains { $0.count > 0 } || !watch.contains { $0.count > 0 } ? old : nil
    }
  }
}

/// The old version beside a new one.
public struct ConcurrentSeries: Hashable, Sendable {
  /// Its periods since both get traffic, by time.
  public var points: [SeriesPoint]
  /// What the versions are called.
  public var newVersion: String, oldVersion: String
  /// The share of the requests that the new version is to get, from 0 to 1; nil where only the counts tell.
  public var share: Double?

  /// The old version's periods.
  public init(
    points: [SeriesPoint] = [], newVersion: String = "new", oldVersion: String = "old", share: Double? = nil
  ) {
    self.points = points
    self.newVersion = newVersion
    self.oldVersion = oldVersion
    self.share = share
  }

  /// How the new version's series ends, and the old one's: without it both have the same name.
  public static let newSuffix = "@new", oldSuffix = "@old"
}

/// The length of a watch and of its periods: how many looks there are and what persists.
public struct WatchWindow: Hashable, Sendable {
  /// When the new version was in place.
  public var deployedAt: Timestamp
  /// How long it is watched.
  public var duration: Duration
  /// The length of a period.
  public var period: Duration
  /// Whether no further look follows: only then can a series be called healthy or inconclusive for good.
  public var isComplete: Bool

  /// Thirty minutes of one-minute periods unless given.
  public init(
    deployedAt: Timestamp, duration: Duration = .seconds(1800), period: Duration = .seconds(60),
    isComplete: Bool = true
  ) {
    self.deployedAt = deployedAt
    self.duration = duration
    self.period = period
    self.isComplete = isComplete
  }

  /// How many periods the watch has, and so how often it is looked at.
  public var looks: Int { max(1, Int((duration.inSeconds / max(0.001, period.inSeconds)).rounded())) }

  /// Bad periods that a rollback needs: three, and two where one lasts three minutes or longer.
  var persistence: Int { period.inSeconds >= 180 ? 2 : 3 }
}
