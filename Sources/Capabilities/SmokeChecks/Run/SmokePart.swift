import DeploymentRecords
import StepResults
import SystemInterfaces

/// The part of a record that `smoke-test` writes.
public struct SmokePart: StepPart {
  public static let step = Step.smokeTest

  /// What the checks came to, in numbers.
  public struct Summary: Codable, Hashable, Sendable {
    /// All checks, and how many ended in each way.
    public var total = 0, passed = 0, failed = 0, flaky = 0, skipped = 0, errors = 0
    /// How many were good before and are not now, were broken before as well, or were broken before only.
    public var regressed = 0, brokenBefore = 0, fixed = 0
    /// The restore point that the answers were compared with.
    public var comparedWith: String?
    /// The versions or commits that answered, each once.
    public var versions: [String] = []
    /// Which part of the checks this is, such as `2/4`.
    public var shard: String?
    /// Whether files were only read and nothing was sent.
    public var parseOnly = false
    /// How long the answers took; nil where none came.
    public var latency: LatencySummary?
    /// Remarks that no check is about.
    public var notes: [String] = []

    /// All zero.
    public init() {}

    /// Counts `checks`.
    public init(counting checks: [CheckEntry]) {
      total = checks.count
      for check in checks {
        switch check.outcome {
        case .pass: passed += 1
        case .fail: failed += 1
        case .flaky: flaky += 1
        case .skipped: skipped += 1
        case .error: errors += 1
        }
        switch check.comparison {
        case .regressed: regressed += 1
        case .brokenBefore: brokenBefore += 1
        case .fixed: fixed += 1
        case .unchanged, nil: break
        }
        if let version = check.version, !versions.contains(version) { versions.append(version) }
      }
      latency = LatencySummary(checks)
    }
  }

  /// How long the answers of a run took, from request to last byte, in milliseconds.
  public struct LatencySummary: Codable, Hashable, Sendable {
    /// How many there were.
    public var count: Int
    /// So long or less took half of them, nine of ten, and so on; and the longest.
    public var p50Ms: Double, p90Ms: Double, p95Ms: Double, p99Ms: Double, maxMs: Double

    /// Of all tries of `checks` that an answer came to; nil where there are none.
    init?(_ checks: [CheckEntry]) {
      var times: [Double] = []
      times.reserveCapacity(checks.count)
      for number in checks.indices {
        for attempt in checks[number].attempts where attempt.status != nil {
          if let waterfall = attempt.waterfall { times.append(waterfall.total) }
        }
      }
      guard !times.isEmpty else { return nil }
      times.sort()
      // The nearest rank: a time that was measured, never one in between.
      func percentile(_ share: Double) -> Double {
        times[max(0, Int((share * Double(times.count)).rounded(.up)) - 1)]
      }
      count = times.count
      (p50Ms, p90Ms, p95Ms) = (percentile(0.5), percentile(0.9), percentile(0.95))
      (p99Ms, maxMs) = (percentile(0.99), times[times.count - 1])
    }
  }

  /// One entry a check, in the order of files and lines.
  public var checks: [CheckEntry]

  /// A part.
  public init(checks: [CheckEntry]) { self.checks = checks }
}

/// One check in a record.
public struct CheckEntry: Hashable, Sendable {
  /// What the reader knows it by, and what tells it from others from run to run.
  public var name: String, id: String
  /// The file and line it stands in; null for the checks that need no file.
  public var file: String?, line: Int?
  /// How it ended.
  public var outcome: CheckOutcome
  /// What kind of failure it was.
  public var failure: FailureClass?
  /// What came back; empty where it passed.
  public var message: String
  /// What to look at; empty where it passed.
  public var advice: String
  /// All tries, the oldest first.
  public var attempts: [AttemptEntry]
  /// From the start of the first try to the end of the last.
  public var durationMs: Double
  /// The method and URL that were asked.
  public var method: String?, url: String?
  /// Whether it stops the chain also where others only warn.
  public var critical: Bool
  /// How it stands to the recorded result, and what differs.
  public var comparison: Comparison?, differences: [String]
  /// The version that answered.
  public var version: String?
  /// Warm samples.
  public var latenciesMs: [Double]
  /// How to ask again and what came back, where it did not pass.
  public var evidence: Evidence?

  /// The entry of a result.
  public init(_ result: CheckResult) {
    name = result.name
    id = result.key
    file = result.file
    line = result.line
    outcome = result.outcome
    failure = result.failure
    message = result.message
    advice = result.failure?.advice ?? ""
    attempts = result.attempts.map(AttemptEntry.init)
    durationMs = result.durationMs
    method = result.method
    url = result.url
    critical = result.isCritical
    comparison = result.comparison
    differences = result.differences
    version = result.version
    latenciesMs = result.latencyMs
    evidence = result.outcome == .pass ? nil : result.evidence
  }
}

/// One try of a check in a record.
public struct AttemptEntry: Hashable, Sendable {
  /// Milliseconds from the start of the run to its start, and how long it took.
  public var startedAfterMs: Double, durationMs: Double
  /// The answer's status.
  public var status: Int?
  /// What kind of failure it was.
  public var failure: FailureClass?
  /// What came back; empty where it passed.
  public var message: String
  /// The conditions that did not hold.
  public var conditions: [ConditionEntry]
  /// The address that answered.
  public var address: String?
  /// Milliseconds at which the parts of the exchange ended.
  public var waterfall: WaterfallEntry?

  init(_ attempt: Attempt) {
    startedAfterMs = attempt.startedAfterMs
    durationMs = attempt.durationMs
    status = attempt.status
    failure = attempt.failure
    message = attempt.message
    conditions = attempt.conditions.map { ConditionEntry(line: $0.line, message: $0.message) }
    address = attempt.address
    waterfall = attempt.waterfall.map(WaterfallEntry.init)
  }
}

/// A condition that did not hold.
public struct ConditionEntry: Hashable, Sendable {
  /// The line in the check's file.
  public var line: Int?
  /// What was expected and what came back.
  public var message: String
}

/// Milliseconds at which the parts of an exchange ended.
public struct WaterfallEntry: Hashable, Sendable {
  /// Name resolved, connected, TLS agreed, first byte, last byte.
  public var nameLookup: Double, connect: Double, tls: Double, firstByte: Double, total: Double
  /// Whether an open connection was used again.
  public var reused: Bool

  init(_ waterfall: Waterfall) {
    nameLookup = waterfall.nameLookup
    connect = waterfall.connect
    tls = waterfall.tls
    firstByte = waterfall.firstByte
    total = waterfall.total
    reused = waterfall.reusedConnection
  }
}
