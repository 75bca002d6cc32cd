import SystemInterfaces

/// What one series shows.
public enum SeriesVerdict: String, Hashable, Sendable, Codable {
  /// Proved to be fine.
  case healthy
  /// Changed for the worse, not enough to roll back.
  case degraded
  /// Warrants a rollback.
  case severe
  /// The evidence does not suffice.
  case inconclusive
}

/// Why a series is inconclusive.
public enum Doubt: String, Hashable, Sendable, Codable {
  /// Too little traffic, before as after, to ever say anything.
  case idle
  /// Too few requests for what is to be ruled out.
  case tooFew
  /// Nothing says what is normal.
  case noBaseline
  /// Traffic was to be expected and did not come.
  case vanished
  /// Data are missing.
  case notWhole
  /// The rule looks later.
  case early
  /// Something has begun in the last periods, too late to be judged.
  case begun
  /// What looks like a fault was there at the same hour of one earlier day.
  case seenOnce
  /// The new version is as bad as the old one at the same time: what is wrong is not of the new version alone.
  case shared
}

/// What the watch says as a whole.
public enum WatchVerdict: String, Hashable, Sendable, Codable {
  /// Keep the deployment.
  case go
  /// Roll back.
  case stop
  /// Nobody can say.
  case inconclusive
}

/// Figures of the baseline or the watch: names and finite numbers, in the order to show them.
public struct Figures: Hashable, Sendable {
  /// The figures.
  public private(set) var entries: [(name: String, value: Double)] = []
  init(_ entries: [(name: String, value: Double)] = []) {
    for (name, value) in entries { self[name] = value }
  }
  /// The figure of that name; one that is not finite is not kept.
  public internal(set) subscript(_ name: String) -> Double? {
    get { entries.first { $0.name == name }?.value }
    set {
      entries.removeAll { $0.name == name }
      if let newValue, newValue.isFinite { entries.append((name, newValue)) }
    }
  }
  public static func == (left: Figures, right: Figures) -> Bool {
    left.entries.map(\.name) == right.entries.map(\.name)
      && left.entries.map(\.value) == right.entries.map(\.value)
  }
  public func hash(into hasher: inout Hasher) {
    for entry in entries {
      hasher.combine(entry.name)
      hasher.combine(entry.value)
    }
  }
}

/// The judgement of one series.
public struct SeriesJudgement: Hashable, Sendable {
  /// The series.
  public var name: String, kind: SeriesKind
  /// Whether users meet it first.
  public var isFrontDoor: Bool
  /// What it shows.
  public var verdict: SeriesVerdict
  /// The evidence for a change; the rule calls it one from `observed["evidenceNeeded"]` on.
  public var evidence: Double
  /// The period in which the change began, where there is one.
  public var onset: Timestamp?
  /// The last period that the rule had to see before it called the change severe.
  public var decidedAt: Timestamp?
  /// What was normal.
  public var baseline = Figures()
  /// What was seen.
  public var observed = Figures()
  /// What was compared, where two versions got traffic at the same time.
  public var comparison: VersionComparison?
  /// In words, for people.
  public var reasons: [String] = []
  /// Why nobody can say, where the verdict is inconclusive.
  public var doubt: Doubt?

  init(_ series: WatchedSeries, _ verdict: SeriesVerdict, evidence: Double = 0, reasons: [String] = []) {
    name = series.name
    kind = series.kind
    isFrontDoor = series.isFrontDoor
    self.verdict = verdict
    self.evidence = evidence
    self.reasons = reasons
  }
}

/// Two versions that got traffic at the same time.
public struct VersionComparison: Hashable, Sendable {
  /// What they are called.
  public var newVersion: String, oldVersion: String
  /// The share of the requests that the new version got, and the one that it was to get.
  public var share: Double, wantedShare: Double?
  /// What was seen of each: `requests`, and `failures` and `rate`, `medianMs`, or `median` of a level.
  public var new: Figures, old: Figures
  /// How they were compared, in words.
  public var test: String
  /// How many times as bad as the old version the new one may be without being worse.
  public var ratio: Double
  /// The strongest evidence so far that it is worse, and what such a change needs.
  public var evidence = 0.0, evidenceNeeded = 0.0
  /// Requests of the new version that it takes to tell, and minutes until they have come; nil where there were enough, or none
  /// comes.
  public var requestsNeeded: Double?, minutesNeeded: Double?
}

/// The judgement of a watch.
public struct WatchJudgement: Hashable, Sendable {
  /// What to do.
  public var verdict: WatchVerdict
  /// In the order given, the probe first.
  public var series: [SeriesJudgement]
  /// In words, for people.
  public var reasons: [String]

  /// Whether something has begun in the last periods that a few more would decide.
  public var hasBegun: Bool { series.contains { $0.doubt == .begun } }

  /// A judgement as given.
  public init(verdict: WatchVerdict, series: [SeriesJudgement], reasons: [String]) {
    self.verdict = verdict
    self.series = series
    self.reasons = reasons
  }
}
